require ["vnd.dovecot.pipe", "variables"];

pipe;                              # 1: no program
pipe "";                           # 2: no name
pipe "../x";                       # 3: a path
pipe "a/b";                        # 4: a path
pipe 3;                            # 5: a number
pipe "${x}";                       # 6: not constant
pipe :frop "archive";              # 7: no such tag
pipe "archive" ["a"] "b";          # 8: too many

require ["fcc", "vacation", "enotify", "imap4flags", "mailbox"];

vacation :fcc 3 "Away";                                  # 1: a number
vacation :fcc ["a"] "Away";                              # 2: a list
vacation :fcc "a" :fcc "b" "Away";                       # 3: twice
vacation :flags "\\Seen" "Away";                         # 4: without :fcc
notify :create "mailto:a@example.net";                   # 5: without :fcc
keep :fcc "a";                                           # 6: keep sends nothing
vacation :fcc "" "Away";                                 # 7: no name

require "enotify";

notify "mailto:nobody";                                # 1
notify "mailto:a@example.net?to=nobody";               # 2
notify "mailto:a@example.net?x=%zz";                   # 3
notify "mailto:a@example.net?x=a%0ab";                 # 4
notify "mailto:a@example.net?a b=c";                   # 5
notify "mailto:a@example.net#b";                       # 6
notify "mailto:a@example.net?x=a?b";                   # 7
notify "mailto:a@example.net%2C";                      # 8

require "vnd.dovecot.report";

report "abuse" "text";                              # 1: no address
report "abuse of mail" "text" "a@example.net";      # 2: no type
report "abuse" "text" "nobody";                     # 3: no address
report "abuse" ["text"] "a@example.net";            # 4: a list
report :frop "abuse" "text" "a@example.net";        # 5: no such tag

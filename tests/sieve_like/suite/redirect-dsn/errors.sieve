require "redirect-dsn";

redirect :notify "SOMETIMES" "a@example.net";            # 1: no such word
redirect :notify "NEVER,SUCCESS" "a@example.net";        # 2: NEVER stands alone
redirect :notify "" "a@example.net";                     # 3: nothing
redirect :notify "SUCCESS, DELAY" "a@example.net";       # 4: a blank
redirect :notify ["SUCCESS"] "a@example.net";            # 5: a list
redirect :ret "BODY" "a@example.net";                    # 6: no such word
redirect :ret 3 "a@example.net";                         # 7: a number
redirect :ret "FULL" :ret "FULL" "a@example.net";        # 8: twice
keep :ret "FULL";                                        # 9: keep sends nothing

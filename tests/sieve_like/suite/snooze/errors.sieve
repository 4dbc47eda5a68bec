require "snooze";

snooze;                                        # 1: no time
snooze 9;                                      # 2: a number
snooze "24:00";                                # 3: no such hour
snooze "9:00";                                 # 4: two digits
snooze "09:60";                                # 5: no such minute
snooze :weekdays "7" "09:00";                  # 6: no such day
snooze :weekdays "Mon" "09:00";                # 7: no number
snooze :tzid "" "09:00";                       # 8: no zone
snooze :mailbox "a" :mailbox "b" "09:00";      # 9: twice

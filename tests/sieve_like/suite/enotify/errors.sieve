require "enotify";

notify;                                                          # 1: no method
notify ["mailto:a@example.net"];                                 # 2: a list
notify 3;                                                        # 3: a number
notify :importance "4" "mailto:a@example.net";                   # 4: no importance
notify :importance "1" :importance "2" "mailto:a@example.net";   # 5: twice
notify :options "" "mailto:a@example.net";                       # 6: an empty option
notify :options ["a=b", "c"] "mailto:a@example.net";             # 7: an option without a value
notify :from "nobody" "mailto:a@example.net";                    # 8: no address
notify "mailto:nobody";                                          # 9: no address
notify "no-scheme";                                              # 10: no URI
if notify_method_capability "mailto:a@example.net" "online" { stop; }  # 11: no keys

require "redirect-deliverby";

redirect :bytimerelative 0 "a@example.net";                                  # 1: at once
redirect :bytimerelative 1000000000 "a@example.net";                         # 2: ten digits
redirect :bytimerelative "600" "a@example.net";                              # 3: a string
redirect :bytimeabsolute "2037-13-01T12:00:00Z" "a@example.net";             # 4: no such month
redirect :bytimeabsolute "2037-01-01" "a@example.net";                       # 5: no time
redirect :bytimeabsolute "2037-01-01T12:00:00Z" :bytimerelative 600 "a@example.net";  # 6: both
redirect :bymode "return" "a@example.net";                                   # 7: no time
redirect :bytrace "a@example.net";                                           # 8: no time
redirect :bytimerelative 600 :bymode "fail" "a@example.net";                 # 9: no such mode
redirect :bytimerelative 600 :bytrace :bytrace "a@example.net";              # 10: twice

require ["imap4flags", "variables", "fileinto"];

setflag;                                  # 1: no flags
setflag 3;                                # 2: a number
setflag ["v"] "\\Seen";                   # 3: the name of a variable is one string
addflag "0" "\\Seen";                     # 4: a match variable
removeflag "${v}" "\\Seen";               # 5: the name must be constant
fileinto :flags "a" :flags "b" "x";       # 6: twice
discard :flags "a";                       # 7: not for discard

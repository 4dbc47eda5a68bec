require ["mailboxid", "special-use", "fileinto"];

# 1 to 3: ids, and nothing else
if mailboxidexists { keep; }
if mailboxidexists 1 { keep; }
if mailboxidexists "F1" "F2" { keep; }
# 4 to 6: the tag needs an id, once
fileinto :mailboxid ["F1"] "Work";
fileinto :mailboxid "Work";
fileinto :mailboxid "F1" :mailboxid "F2" "Work";
# 7: a mailbox is named by one property
fileinto :mailboxid "F1" :specialuse "\\Junk" "Work";

require ["mailbox", "fileinto", "encoded-character"];

# 1 to 4: the test takes names, and nothing else
if mailboxexists { keep; }
if mailboxexists 12 { keep; }
if mailboxexists "one" "two" { keep; }
if mailboxexists :create "one" { keep; }
# 5 to 8: the tag has no value, and the name stays what it is
fileinto :create;
fileinto :create 3;
fileinto :create "one" "two";
fileinto :create "${hex:ff}frop";
# 9, 10: once, and only there
fileinto :create :create "one";
keep :create;

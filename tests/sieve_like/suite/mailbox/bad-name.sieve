require ["mailbox", "encoded-character"];

if mailboxexists "${hex:ff}frop" { keep; }

require "mboxmetadata";

# 1 to 5: a mailbox, an annotation, keys
if metadata "INBOX" "/private/frop" { keep; }
if metadata ["INBOX"] "/private/frop" "x" { keep; }
if metadata "INBOX" ["/private/frop"] "x" { keep; }
if metadata "INBOX" "/private/frop" 1 { keep; }
if metadata 1 "/private/frop" "x" { keep; }
# 6 to 9: a mailbox, annotations, no match type
if metadataexists "/private/frop" { keep; }
if metadataexists ["INBOX", "Work"] "/private/frop" { keep; }
if metadataexists "INBOX" 1 { keep; }
if metadataexists :is "INBOX" "/private/frop" { keep; }

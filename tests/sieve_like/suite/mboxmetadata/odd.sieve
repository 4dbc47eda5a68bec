require "mboxmetadata";

# No annotation can have these names: warnings, and the tests are false.
if metadata "INBOX" "private/frop" "x" { keep; }
if metadata :contains "INBOX" "/vendor/frop" "" { keep; }
if metadata :contains "INBOX" "/private/frop/" "" { keep; }
if metadataexists "INBOX" ["/private//frop", "/shared/*"] { keep; }

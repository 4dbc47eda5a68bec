if metadata "INBOX" "/private/frop" "x" { keep; }
if metadataexists "INBOX" "/private/frop" { keep; }

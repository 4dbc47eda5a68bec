require "servermetadata";

# 1 to 4: an annotation, keys
if servermetadata "/private/frop" { keep; }
if servermetadata "INBOX" "/private/frop" "x" { keep; }
if servermetadata ["/private/frop"] "x" { keep; }
if servermetadata "/private/frop" 1 { keep; }
# 5 to 7: annotations
if servermetadataexists { keep; }
if servermetadataexists "/private/frop" "x" { keep; }
if servermetadataexists 1 { keep; }

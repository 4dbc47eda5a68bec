require "imap4flags";

setflag "v" "\\Seen";
if hasflag "v" "\\Seen" { stop; }

require ["reject", "ereject", "fileinto", "copy", "vacation", "enotify", "imap4flags", "duplicate"];
setflag "\\Seen"; discard; notify "mailto:a@example.net"; if duplicate { stop; } ereject "no";

require ["reject", "ereject", "fileinto", "copy", "vacation", "enotify", "imap4flags", "duplicate"];
ereject "no"; fileinto "A";

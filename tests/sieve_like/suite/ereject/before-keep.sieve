require ["reject", "ereject", "fileinto", "copy", "vacation", "enotify", "imap4flags", "duplicate"];
keep; ereject "no";

require ["reject", "ereject", "fileinto", "copy", "vacation", "enotify", "imap4flags", "duplicate"];
reject "no"; reject "no";

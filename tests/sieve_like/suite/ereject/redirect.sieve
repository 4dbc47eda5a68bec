require ["reject", "ereject", "fileinto", "copy", "vacation", "enotify", "imap4flags", "duplicate"];
redirect "a@example.net"; ereject "no";

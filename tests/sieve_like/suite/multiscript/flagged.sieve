require ["imap4flags", "fileinto"];
if hasflag "$First" { fileinto "A"; }

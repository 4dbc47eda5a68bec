require ["imap4flags","fileinto","mailbox"];
if hasflag "\\flagged" { fileinto :create :flags "\\answered" "Flagged"; }

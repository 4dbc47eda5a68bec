require ["reject", "fileinto"];
if header :contains "subject" "a" { fileinto "Work"; }
reject "no";

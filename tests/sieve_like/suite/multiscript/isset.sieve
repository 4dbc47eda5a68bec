require ["variables", "fileinto"];
if string "${v}" "1" { fileinto "A"; }

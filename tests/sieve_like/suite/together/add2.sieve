require ["editheader", "fileinto"];
if exists "X-Add" { addheader "X-Add2" "yes"; }
fileinto "A";

require ["variables", "fileinto"];
set "to" "nobody";
fileinto "before";
redirect "${to}";
fileinto "after";

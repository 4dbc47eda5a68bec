require ["variables", "fileinto"];
fileinto "${frop.name}";
set "frop.name" "x";

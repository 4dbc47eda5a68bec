require ["variables", "fileinto"];
fileinto "${nonsense.a}";
fileinto "${global.a}";
set "nonsense.a" "x";

require ["variables", "fileinto"];
fileinto "${99}";

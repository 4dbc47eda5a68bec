require ["variables", "fileinto"];
fileinto "${33}";
fileinto "${99}";
fileinto "a${0000000000000000000000000000000000000001234}b";

require ["encoded-character", "fileinto"];
fileinto "${unicode:110000}";
fileinto "${unicode:200000}";
fileinto "${unicode:10000000000000041}";

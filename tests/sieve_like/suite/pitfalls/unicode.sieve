require ["encoded-character", "fileinto"];
fileinto "${unicode:D800}";
fileinto "${unicode:DFFF}";
fileinto "${unicode:110000}";
fileinto "${unicode:41 fffffffffffffffff}";

require ["encoded-character", "fileinto"];
fileinto "${unicode:d800}";
fileinto "${unicode:41 DFFF}";

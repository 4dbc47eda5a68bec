require ["fileinto", "copy"];
fileinto :copy "Archive";
redirect :copy "x@example.net";

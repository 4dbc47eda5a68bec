require ["fileinto", "copy"];
fileinto "1"; fileinto "2"; fileinto "3";

require ["fileinto", "reject"];
fileinto "Work";
reject "no";

require ["reject"];
reject "no";

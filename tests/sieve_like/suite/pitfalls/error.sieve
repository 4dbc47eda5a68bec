require ["ihave", "fileinto"];
fileinto "A";
error "nothing goes";

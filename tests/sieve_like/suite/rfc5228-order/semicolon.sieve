require ["fileinto", "imap4flags"];
fileinto 1 # 1: the number is not even looked at
keep;
fileinto "a" "b" # 2 and 3: the number of arguments is
keep;
addflag 1 # 4
discard;

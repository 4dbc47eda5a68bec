require ["fileinto", "imap4flags"];
addflag "$Label";
fileinto "Work";

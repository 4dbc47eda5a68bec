require ["variables","fileinto","mailbox"];
set "a" "inner";
fileinto :create "${a}${outer}";

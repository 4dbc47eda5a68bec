require ["editheader", "reject"];
addheader "X-Added" "yes";
keep;
reject "no";

require ["editheader"];
addheader "X-Spam" "yes";
deleteheader "X-A";

require ["editheader", "ihave"];
addheader "X-Edited" "yes";
deleteheader "Subject";
error "on purpose";

require ["editheader"];
addheader "X-Frop" "1";
addheader "X-Good" "1";
deleteheader "X-A";
deleteheader "X-B";
addheader "Subject" "Mine";

require ["editheader"];
addheader "X-One" "1";
keep;
addheader "X-Two" "2";

require ["index", "date"];
if header :index 0 "x-three" "first" { keep; }
if header :last "x-three" "first" { keep; }

require "variables";
set;
set "a";
set "a" "b" "c";
set 1 "b";
set "a" 2;
set "a" ["b"];
if string "a" { keep; }

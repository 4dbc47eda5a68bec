require "variables";
set "a b" "x";
set "1" "x";
set "1a" "x";
set "" "x";
set "a-b" "x";
set "${a}" "x";

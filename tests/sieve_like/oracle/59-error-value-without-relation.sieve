require "relational";
if header :value "a" "b" { keep; }

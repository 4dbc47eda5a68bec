require "variables";
set "own" "inner";
if header :matches "subject" "*" { set "seen" "${1}"; }

require "variables";
set "local" "theirs";

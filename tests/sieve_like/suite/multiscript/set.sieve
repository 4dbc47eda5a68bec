require "variables";
set "v" "1";

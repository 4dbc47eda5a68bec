require "editheader";
addheader "X-Add" "yes";

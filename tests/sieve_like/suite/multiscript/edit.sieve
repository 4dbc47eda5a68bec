require "editheader";
addheader "X-First" "yes";

require "extlists";

if header :list "from" ":addrbook:frop" { keep; }

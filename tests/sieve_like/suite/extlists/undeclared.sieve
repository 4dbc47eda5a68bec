if header :list "from" ":addrbook:default" { keep; }
redirect :list ":addrbook:default";

require "extlists";

redirect :list ":addrbook:frop";

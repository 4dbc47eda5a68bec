require "ihave";
error "it fails as it should";

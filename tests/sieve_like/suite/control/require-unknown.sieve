require ["frop", "fileinto", "friep"];
require "frml";

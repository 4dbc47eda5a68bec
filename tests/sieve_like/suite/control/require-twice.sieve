require "fileinto";
require ["fileinto", "copy"];
require "copy";
fileinto :copy "A";

require ["fileinto", "fileinto"];
require "fileinto";
fileinto "A";

require "fileinto";
stop;
fileinto "A";

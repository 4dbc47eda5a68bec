require "fileinto";

fileinto :create "one";

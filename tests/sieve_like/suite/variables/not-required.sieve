require "fileinto";
fileinto "${name}";

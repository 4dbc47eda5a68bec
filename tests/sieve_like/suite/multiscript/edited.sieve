require "fileinto";
if exists "X-First" { fileinto "A"; }

require "fileinto";
if true { if not false { if allof (true, true) { fileinto "deep"; if exists "subject" { fileinto "deeper"; } } } }

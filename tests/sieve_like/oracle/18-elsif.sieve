require "fileinto";
if header :is "subject" "none" { fileinto "A"; }
elsif header :contains "from" "alice" { fileinto "B"; }
elsif exists "x-spam" { fileinto "C"; }
else { fileinto "D"; }

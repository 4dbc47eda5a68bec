require "fileinto";
if header :contains "subject" "re:" { fileinto "Replies"; stop; }
fileinto "Rest";

require ["relational", "comparator-i;ascii-numeric", "fileinto"];
if address :count "ge" :comparator "i;ascii-numeric" ["to", "cc"] "3" { fileinto "Many"; }
if address :count "eq" :comparator "i;ascii-numeric" "bcc" "0" { fileinto "NoBcc"; }
if header :count "gt" :comparator "i;ascii-numeric" ["received", "x-list"] "1" { fileinto "Lines"; }

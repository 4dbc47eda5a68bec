require ["relational", "comparator-i;ascii-numeric", "fileinto"];
if header :value "gt" :comparator "i;ascii-numeric" "x-priority" "3" { fileinto "gt3"; }
if header :value "lt" :comparator "i;ascii-numeric" "x-priority" "abc" { fileinto "ltinf"; }
if header :value "eq" :comparator "i;ascii-numeric" "x-priority" "005" { fileinto "eq5"; }
if header :value "ge" "subject" "m" { fileinto "alpha"; }
if header :value "ne" ["subject", "from"] ["a", "b"] { fileinto "ne"; }
if header :is :comparator "i;ascii-numeric" "x-priority" "5" { fileinto "is5"; }

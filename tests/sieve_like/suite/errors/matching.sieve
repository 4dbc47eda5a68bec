require ["relational", "comparator-i;ascii-numeric"];
if header :is :contains "a" "b" { keep; }
if header :is :is "a" "b" { keep; }
if header :comparator "i;octet" :comparator "i;octet" "a" "b" { keep; }
if header :comparator "i;frop" "a" "b" { keep; }
if header :comparator "i;frop" "a" "b" { keep; }
if header :comparator :is "a" "b" { keep; }
if header :comparator 1 "a" "b" { keep; }
if header :comparator ["i;octet"] "a" "b" { keep; }
if header :contains :comparator "i;ascii-numeric" "a" "b" { keep; }
if header :matches :comparator "i;ascii-numeric" "a" "b" { keep; }
if header :count "a" "b" { keep; }
if header :count "xx" "a" "b" { keep; }
if header :count 1 "a" "b" { keep; }
if header :value "gt" :count "lt" "a" "b" { keep; }
if address :all :domain "from" "b" { keep; }

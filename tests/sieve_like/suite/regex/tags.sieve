require ["regex", "relational", "comparator-i;ascii-numeric"];
if header :regex :comparator "i;ascii-numeric" "subject" "x" { keep; }
if header :regex :is "subject" "x" { keep; }
if header :count "gt" :regex "subject" "x" { keep; }
if header :regex :regex "subject" "x" { keep; }

require ["relational", "comparator-i;ascii-numeric", "variables"];

# 1 to 5: one of six words, constant, right behind the tag (pitfall 37)
if header :value "above" "subject" "1" { keep; }
if header :count 3 "subject" "1" { keep; }
if header :count ["gt"] "subject" "1" { keep; }
if header :count "${relation}" "subject" "1" { keep; }
if header :value :comparator "i;octet" "subject" "1" { keep; }
# 6, 7: the word is missing
if header :count "subject" "1" { keep; }
if header :value { keep; }
# 8 to 11: one match type, one comparator (pitfall 37)
if header :count "gt" :value "gt" "subject" "1" { keep; }
if header :count "gt" :is "subject" "1" { keep; }
if header :contains :count "gt" "subject" "1" { keep; }
if header :value "gt" :comparator "i;octet" :comparator "i;ascii-numeric" "subject" "1" { keep; }
# 12: a test without match types
if exists :count "gt" "subject" { keep; }

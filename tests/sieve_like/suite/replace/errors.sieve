require "replace";

# 1 and 2
replace :from "nobody" "text";
replace :from "" "text";
# 3 and 4: an entity says itself what it is
replace :mime :subject "x" "text";
replace :mime :from "a@example.org" "text";
# 5 and 6
replace;
replace "a" "b";
# 7
replace ["a", "b"];

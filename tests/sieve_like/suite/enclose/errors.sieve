require "enclose";

# 1
enclose :headers ["To", "no field"] "text";
# 2
enclose :subject ["a", "b"] "text";
# 3
enclose;
# 4
enclose :from "a@example.org" "text";
# 5
enclose :headers 3 "text";

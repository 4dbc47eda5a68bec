require "convert";

# 1 and 2
convert "text" "text/plain" ["charset=utf-8"];
convert "text/html" "" ["charset=utf-8"];
# 3
convert "text/html" "text/plain" ["charset"];
# 4
convert "text/html" "text/plain";
# 5
if convert "text/html" { keep; }
# 6
convert "text/html" "text/plain" 3;

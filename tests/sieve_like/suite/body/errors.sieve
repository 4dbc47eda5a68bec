require "body";

# 1
if body :raw :text "x" { keep; }
# 2
if body :content "text" :content "image" "x" { keep; }
# 3: the key is taken for the types
if body :content "x" { keep; }
# 4
if body :raw "text" "x" { keep; }
# 5
if body 5 { keep; }
# 6
if body { keep; }

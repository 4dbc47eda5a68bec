require "foreverypart";

# 1 and 2
break;
if true { break; }
# 3
break :name "x";
# 4
foreverypart :name "x" { break :name "y"; }
# 5
foreverypart;
# 6
foreverypart "x" { keep; }
# 7
foreverypart :name ["a"] { keep; }
# 8
foreverypart { break "x"; }

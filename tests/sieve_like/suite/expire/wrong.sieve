require "vnd.proton.expire";

# 1 to 5: a unit and a number, both as strings
expire;
expire "day";
expire "day" 30;
expire "fortnight" "1";
expire "day" "soon";
# 6, 7: no arguments
unexpire "day";
if hasexpiration "day" { keep; }
# 8, 9: a unit and keys
if expiration "day" { keep; }
if expiration "moon" "1" { keep; }

require "spamtest";

# 1 to 4: one value, as a string
if spamtest { keep; }
if spamtest 5 { keep; }
if spamtest ["1", "2"] { keep; }
if spamtest "1" "2" { keep; }
# 5: only with spamtestplus
if spamtest :percent "50" { keep; }

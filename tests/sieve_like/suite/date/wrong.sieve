require "date";

# 1 to 4: what is not of the right kind
if date 2025 "year" "2025" { keep; }
if date "date" ["year", "month"] "2025" { keep; }
if date ["date", "resent-date"] "year" "2025" { keep; }
if date "date" "year" 2025 { keep; }
# 5, 6: too few arguments, too many
if date "date" "year" { keep; }
if date "date" "year" "2025" "2026" { keep; }
# 7 to 9: zones
if date :zone "+0100" :originalzone "date" "year" "2025" { keep; }
if date :zone "+0100" :zone "+0200" "date" "year" "2025" { keep; }
if date :zone 100 "date" "year" "2025" { keep; }
# 10: a tag that nobody knows
if date :timezone "+0100" "date" "year" "2025" { keep; }
# 11 to 13: the present has no zone of its own, no field and no second part
if currentdate :originalzone "year" "2025" { keep; }
if currentdate :zone ["+0100"] "year" "2025" { keep; }
if currentdate "year" "month" "2025" { keep; }

require "environment";

# 1 to 3: one name, and keys
if environment ["name", "version"] "x" { keep; }
if environment 1 "x" { keep; }
if environment "name" 1 { keep; }
# 4, 5: too few, too many
if environment "name" { keep; }
if environment "name" "x" "y" { keep; }
# 6: a tag that nobody knows
if environment :localpart "name" "x" { keep; }

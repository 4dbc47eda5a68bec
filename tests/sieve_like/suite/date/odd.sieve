require "date";

# Nothing here is an error: the tests are false, or the zone is the local one.
if date "date" "century" "21" { keep; }
if date "no such field" "year" "2025" { keep; }
if date :zone "CET" "date" "year" "1999" { keep; }
if currentdate "yaer" "2025" { keep; }

require ["index", "date"];

# 1 to 3: there is no field 0
if header :index 0 "subject" "frop" { keep; }
if address :index 0 "to" "frop" { keep; }
if date :index 0 "received" "year" "2025" { keep; }
# 4 to 6: the last of what?
if header :last "subject" "frop" { keep; }
if address :last "to" "frop" { keep; }
if date :last "received" "year" "2025" { keep; }
# 7 to 9: once, and with a number
if header :index 1 :index 2 "subject" "frop" { keep; }
if header :index "1" "subject" "frop" { keep; }
if header :index :last "subject" "frop" { keep; }
# 10 to 12: tests without fields, or without an order
if exists :index 1 "subject" { keep; }
if currentdate :index 1 "year" "2025" { keep; }
if size :index 1 :over 100 { keep; }

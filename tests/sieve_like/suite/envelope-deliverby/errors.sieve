require ["envelope", "envelope-deliverby"];

if envelope :domain "bymode" "notify" { stop; }                         # 1: no address
if envelope :zone "Berlin" "bytimeabsolute" "x" { stop; }               # 2: no zone
if envelope :zone 3 "bytimeabsolute" "x" { stop; }                      # 3: a number
if envelope :zone "+0100" :zone "+0200" "bytimeabsolute" "x" { stop; }  # 4: twice

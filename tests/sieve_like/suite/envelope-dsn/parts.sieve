require ["envelope", "envelope-dsn"];

if envelope :all "notify" "SUCCESS" { stop; }
if envelope :localpart "orcpt" "x" { stop; }
if envelope :domain ["ret", "envid"] "x" { stop; }

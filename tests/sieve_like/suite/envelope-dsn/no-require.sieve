require "envelope";

if envelope "notify" "SUCCESS" { stop; }
if envelope "envid" "x" { stop; }

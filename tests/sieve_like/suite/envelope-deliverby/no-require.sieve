require "envelope";

if envelope "bymode" "notify" { stop; }
if envelope "bytimerelative" "0" { stop; }

else { keep; }
elsif true { keep; }
if header :is "a" "b" { keep; } stop; else { keep; }
if header :is "a" "b" { keep; } else { keep; } else { keep; }
if header :is "a" "b" { keep; } else { keep; } elsif true { keep; }
if header :is "a" "b" { else { keep; } }

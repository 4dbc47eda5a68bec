if header :comparator "i;nonsense" "a" "b" { keep; }

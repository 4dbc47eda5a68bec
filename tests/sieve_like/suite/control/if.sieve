if { keep; }
if true;
if (true) { keep; }
if "a" true { keep; }
if keep { keep; }
if header :is "a" "b" { keep; } else true { keep; }
if header :is "a" "b" { keep; } else;

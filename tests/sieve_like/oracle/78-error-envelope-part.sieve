require "envelope";
if envelope "nonsense" "a" { keep; }

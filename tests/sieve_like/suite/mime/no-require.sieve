if header :mime "a" "b" { keep; }
if exists :mime "a" { keep; }

if address :user "to" "x" { keep; }
if address :detail "to" "x" { keep; }

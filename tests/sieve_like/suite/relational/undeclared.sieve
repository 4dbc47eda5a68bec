if header :value "gt" "subject" "1" { keep; }

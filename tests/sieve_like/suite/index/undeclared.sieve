if header :index 1 "subject" "frop" { keep; }

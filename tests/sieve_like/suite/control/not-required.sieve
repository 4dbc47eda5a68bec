fileinto "A";
fileinto "B";
if envelope "from" "x" { keep; }
if envelope "to" "x" { keep; }
vacation "x";
redirect :copy "a@example.org";
if header :count "gt" "subject" "1" { keep; }

require ["regex", "variables"];
set "pattern" "(";
if header :regex "subject" "${pattern}" { keep; }

require ["vnd.dovecot.testsuite", "fileinto"];
if not header :is "subject" "expected" { test_fail "another subject"; }
fileinto "Work";

require ["vnd.dovecot.testsuite", "variables"];
test_set "message" "Subject: from the sub-test

x
";
test "inner" { if not header "subject" "from the sub-test" { test_fail "inner"; } }

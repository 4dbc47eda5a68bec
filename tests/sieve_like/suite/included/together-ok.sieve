require ["vnd.dovecot.testsuite"];
if not true { test_fail "no"; }

require "vnd.dovecot.testsuite";
if true { test_fail "sub"; }
keep;

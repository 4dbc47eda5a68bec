require ["vnd.dovecot.testsuite","variables","include"];
global "shared";
set "inc" "x";
if test_script_compile "together/keep.sieve" { set "shared" "yes"; }

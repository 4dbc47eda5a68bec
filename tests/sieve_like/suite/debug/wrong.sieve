require "vnd.dovecot.debug";

debug_log;
debug_log 1;
debug_log ["one", "two"];
debug_log "one" "two";
debug_log :level "one";

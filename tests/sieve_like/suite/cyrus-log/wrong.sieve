require "vnd.cyrus.log";

log;
log 1;
log ["one", "two"];
log "one" "two";

require ["vnd.dovecot.debug", "variables"];

set "text" "frop";
debug_log "text: ${text}";

require ["vnd.cyrus.log", "variables"];

set "text" "frop";
log "text: ${text}";

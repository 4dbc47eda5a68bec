debug_log "frop";

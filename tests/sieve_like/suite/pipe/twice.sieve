require "vnd.dovecot.pipe";
pipe "archive";
pipe "archive" "x";

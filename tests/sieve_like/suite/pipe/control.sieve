require ["vnd.dovecot.pipe", "variables", "encoded-character"];
set "x" "a${hex: 0d 0a}b";
pipe "archive" "${x}";

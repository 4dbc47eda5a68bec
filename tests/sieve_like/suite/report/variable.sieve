require ["vnd.dovecot.report", "variables"];
set "who" "nobody";
report "abuse" "text" "${who}";

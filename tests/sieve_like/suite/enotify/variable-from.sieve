require ["enotify", "variables"];
set "who" "nobody";
notify :from "${who}" "mailto:a@example.net";

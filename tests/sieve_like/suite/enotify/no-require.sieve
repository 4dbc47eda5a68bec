notify "mailto:a@example.net";
if valid_notify_method "mailto:a@example.net" { stop; }

require ["vacation", "fcc", "special-use", "enotify", "mailboxid"];

vacation :fcc "Sent" :specialuse "\\Sent" "Away";
notify :fcc "Sent" :mailboxid "x" "mailto:a@example.net";

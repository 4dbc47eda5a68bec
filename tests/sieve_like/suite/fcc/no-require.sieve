require ["vacation", "enotify", "fcc"];

vacation :fcc "a" :flags "\\Seen" "Away";
vacation :fcc "a" :create "Away";
notify :fcc "a" :mailboxid "x" "mailto:a@example.net";

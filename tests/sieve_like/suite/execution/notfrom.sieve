require ["enotify"];
notify :from "me@example.org" "mailto:you@example.org";

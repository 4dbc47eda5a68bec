require "enotify";

notify "mailto:a@example.net?from=b@example.net&bcc=c@example.net";
notify "mailto:d@example.net?to=d@example.net";
notify "mailto:";

require "enotify";
notify "frop:a@example.net";

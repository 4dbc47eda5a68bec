require ["enotify", "variables"];
set "scheme" "frop";
notify "${scheme}:a@example.net";

require ["enotify", "fileinto", "vacation"];
notify "mailto:a@example.net";
fileinto "A";
vacation "Away";
redirect "b@example.net";

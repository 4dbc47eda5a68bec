require ["enotify"];
notify "mailto:n@example.org?subject=two";

require ["snooze", "reject"];
snooze "09:00";
reject "no";

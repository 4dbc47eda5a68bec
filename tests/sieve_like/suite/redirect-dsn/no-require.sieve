redirect :notify "NEVER" "a@example.net";
redirect :ret "FULL" "a@example.net";

require ["redirect-dsn", "variables"];
set "when" "sometimes";
redirect :notify "${when}" "other@example.net";

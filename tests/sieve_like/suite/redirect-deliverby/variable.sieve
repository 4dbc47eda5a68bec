require ["redirect-deliverby", "variables"];
set "when" "tomorrow";
redirect :bytimeabsolute "${when}" "other@example.net";

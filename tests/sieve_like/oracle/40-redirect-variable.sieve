require ["variables"];
if address :matches "from" "*" { redirect "${1}"; }

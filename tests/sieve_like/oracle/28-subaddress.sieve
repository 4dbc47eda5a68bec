require ["envelope", "subaddress", "fileinto", "variables"];
if envelope :detail :matches "to" "*" { fileinto "detail ${1}"; }
if envelope :user :is "to" "bob" { fileinto "user"; }
if address :detail :matches "to" "*" { fileinto "header ${1}"; }
if address :user :is "to" "bob" { fileinto "headeruser"; }
if address :detail :is "from" "" { fileinto "nothing"; }

require ["ihave", "fileinto", "variables"];
fileinto "A";
set "when" "today";
error "no luck ${when}";

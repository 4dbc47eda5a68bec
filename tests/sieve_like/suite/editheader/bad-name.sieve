require ["editheader", "variables"];

addheader "X-New" "value";
set "name" "X-Field:";
addheader "${name}" "value";

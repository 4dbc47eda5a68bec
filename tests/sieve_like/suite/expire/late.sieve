require ["vnd.proton.expire", "variables"];

set "days" "731";
expire "day" "${days}";

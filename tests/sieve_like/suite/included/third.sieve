require ["include", "variables"];
set "global.count" "${global.count}3";

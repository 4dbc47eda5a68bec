require ["include", "variables"];
set "global.count" "${global.count}o";
include :once "once-itself";

require ["include", "variables"];
set "global.steps" "${global.steps}(";
include "inner";
set "global.steps" "${global.steps})";

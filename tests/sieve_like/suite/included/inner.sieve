require ["include", "variables"];
set "global.steps" "${global.steps}i";

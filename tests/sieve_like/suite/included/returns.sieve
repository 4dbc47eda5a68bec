require ["include", "variables"];
set "global.steps" "${global.steps}1";
return;
set "global.steps" "${global.steps}2";

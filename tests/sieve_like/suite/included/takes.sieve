require ["include", "variables"];
global ["given", "taken"];
set "taken" "<${given}>";

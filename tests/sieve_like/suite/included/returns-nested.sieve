require ["include", "variables"];
set "global.steps" "1";
if true {
	if true {
		set "global.steps" "${global.steps}2";
		return;
	}
	set "global.steps" "${global.steps}3";
}
set "global.steps" "${global.steps}4";

require ["include", "variables"];
set "global.inner" "${1}|";
if string :matches "inner value" "* *" {
	set "global.inner" "${global.inner}${1}";
}

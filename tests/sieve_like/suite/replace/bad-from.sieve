require ["replace", "variables"];
set "who" "nobody";
replace :from "${who}" "text";

require ["special-use", "variables"];

set "use" "Junk";
if not specialuse_exists "${use}" { keep; }

require "ihave";
if header :is "subject" "x" { error "no"; }
if not ihave "frop" { keep; } else { error "no"; }

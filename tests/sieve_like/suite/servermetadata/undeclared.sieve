require "mboxmetadata";

if servermetadata "/private/frop" "x" { keep; }

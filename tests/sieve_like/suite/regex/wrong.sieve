require "regex";
if header :regex "subject" "(" { keep; }
if header :regex "subject" ["x", "[", "("] { keep; }
if header :regex "subject" "*x" { keep; }
if header :regex "subject" "x|*" { keep; }
if header :regex "subject" "[z-a]" { keep; }
if header :regex "subject" "[[:frop:]]" { keep; }
if header :regex "subject" "x{2,1}" { keep; }
if header :regex "subject" "x\\" { keep; }
if header :regex "subject" "{1}" { keep; }
if header :regex "subject" "x{" { keep; }

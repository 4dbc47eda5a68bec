require ["vnd.stalwart.expressions", "variables"];
let "a" "1 +";
let "a" "1 2";
let "a" "(1";
let "a" "unknown + 1";
let "a" "frop(1)";
let "a" "count(1, 2)";
let "a" "'open";
let "a" "1 $ 2";
let "a" "99999999999999999999";
let "1" "1";
let "a" "";
if eval 1 { keep; }

require ["vnd.stalwart.while", "vnd.stalwart.expressions", "variables"];
let "i" "0"; let "a" "'x'";
while "i < 100" { let "a" "a + a"; let "i" "i + 1"; }

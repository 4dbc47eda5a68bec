require ["variables", "relational", "comparator-i;ascii-numeric", "fileinto"];
set "a" "frop";
if string :is "${a}" ["x", "frop"] { fileinto "is"; }
if string :count "eq" :comparator "i;ascii-numeric" ["${a}", "", "${none}"] "1" { fileinto "count"; }
if string :matches "${a}" "f*p" { fileinto "m${1}"; }
if string :value "lt" "${a}" "g" { fileinto "lt"; }

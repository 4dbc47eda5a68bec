require ["fileinto", "variables"];
set "a" text: # a comment
line one
..dot
.x
.
;
if string :contains "${a}" "one" { fileinto "one"; }
set :length "b" "${a}";
fileinto "len ${b}";

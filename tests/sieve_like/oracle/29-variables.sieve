require ["variables", "fileinto"];
set "a" "Hello";
set :lower :upperfirst "b" "${A} WORLD";
set :length "c" "${a}";
set :quotewildcard "d" "a*b?c\\d";
set :upper :lowerfirst "e" "${b}";
fileinto "${a}|${b}|${c}|${d}|${e}|${unset}|";
fileinto "${BAD${a}-${a b}-${}-$${a}-${0}";

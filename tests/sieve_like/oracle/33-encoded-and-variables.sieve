require ["encoded-character", "variables", "fileinto"];
set "name" "Frop";
set "a" "${hex:24}{name}";
fileinto "${a}";

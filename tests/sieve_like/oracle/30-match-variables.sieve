require ["variables", "fileinto"];
if header :matches "subject" "*h*" { set "x" "${1}"; }
if header :matches "subject" "never * matches" { set "x" "no"; }
fileinto "${x}#${1}#${2}#${7}";
if anyof (header :matches "from" "*@*", header :matches "to" "*@*") { fileinto "any ${1}"; }

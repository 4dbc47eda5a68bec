require ["fileinto", "variables"];
if address :matches "from" "*@*" { fileinto "u ${1} d ${2}"; }
if address :matches :localpart "to" "*" { fileinto "l ${1}"; }
if address :matches :domain "reply-to" "*.*" { fileinto "r ${1} ${2}"; }
if address :matches :all "bcc" "*" { fileinto "b ${1}"; }

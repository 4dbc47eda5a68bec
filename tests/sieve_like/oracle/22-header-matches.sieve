require ["fileinto", "variables"];
if header :matches "subject" "*:*" { fileinto "1-${1}-2-${2}"; }
if header :matches "subject" "*l?o*" { fileinto "x-${1}-${2}-${3}"; }
if header :matches "subject" "?*e*?" { fileinto "y-${1}-${2}-${3}-${4}"; }
if header :matches "subject" "*\\**" { fileinto "Star ${1}|${2}"; }
if header :matches "x-list" "[*] *" { fileinto "${0}"; }

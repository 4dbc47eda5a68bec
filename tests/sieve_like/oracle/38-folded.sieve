require ["fileinto", "variables"];
if header :matches "x-folded" "*" { fileinto "[${1}]"; }
if header :is "x-list" "[demo] b" { fileinto "second"; }

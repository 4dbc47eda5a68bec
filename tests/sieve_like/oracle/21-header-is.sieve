require "fileinto";
if header :is "subject" "täst hello" { fileinto "Casemap"; }
if header :is :comparator "i;octet" "SUBJECT" "Täst hello" { fileinto "Octet"; }
if header :is "x-empty" "" { fileinto "Empty"; }
if header :is "x-absent" "" { fileinto "Absent"; }
if header :contains "x-absent" "" { fileinto "AbsentContains"; }
if header :matches "x-absent" "*" { fileinto "AbsentMatches"; }

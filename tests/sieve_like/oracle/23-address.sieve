require "fileinto";
if address :is :domain "from" "example.com" { fileinto "Domain"; }
if address :localpart :is ["to", "cc"] "bob" { fileinto "Local"; }
if address :all :contains ["to", "cc", "bcc"] "@example.org" { fileinto "All"; }
if address :is "from" "alice@example.com" { fileinto "From"; }
if address :is "cc" "" { fileinto "EmptyCc"; }

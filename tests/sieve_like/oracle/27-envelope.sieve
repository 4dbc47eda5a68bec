require ["envelope", "fileinto", "variables"];
if envelope :is "from" "alice@example.com" { fileinto "Alice"; }
if envelope :matches :localpart "to" "*" { fileinto "L${1}"; }
if envelope :domain :is "to" "EXAMPLE.ORG" { fileinto "D"; }
if envelope :is "from" "" { fileinto "Null"; }
if envelope :all :is ["from", "to"] "bob+tickets@example.org" { fileinto "Any"; }

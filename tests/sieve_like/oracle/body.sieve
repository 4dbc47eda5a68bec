require ["body", "fileinto", "relational", "comparator-i;ascii-numeric"];

if body :contains "Café" { fileinto "text"; }
if body :raw :contains "Caf=E9" { fileinto "raw"; }
if body :content "text" :contains "<b>" { fileinto "markup"; }
if body :text :contains "Hello wörld" { fileinto "words"; }
if body :content "multipart" :contains "epilogue" { fileinto "epilogue"; }
if body :content "multipart" :contains "outer" { fileinto "boundary"; }
if body :content "text/plain/x" :contains "" { fileinto "no type"; }
if body :content ["application", "image"] :contains "PDF" { fileinto "several"; }
if body :content "text" :count "eq" "3" { fileinto "three"; }
if body :content "TEXT/html" :matches "*" { fileinto "html"; }

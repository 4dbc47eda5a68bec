require ["mime", "fileinto", "variables", "relational", "comparator-i;ascii-numeric"];

if header :mime :type "content-type" "multipart" { fileinto "type"; }
if header :mime :subtype "content-type" "mixed" { fileinto "subtype"; }
if header :mime :param "boundary" :matches "content-type" "*" { fileinto "boundary ${1}"; }
if header :mime :anychild :contenttype "content-type" "text/html" { fileinto "child"; }
if header :mime :anychild :param ["name", "filename"] ["content-type", "content-disposition"] "long name" { fileinto "filename"; }
if header :mime :anychild :param "name" "content-type" "Bücher.pdf" { fileinto "name"; }
if header :mime :anychild :count "eq" "x-id" "5" { fileinto "five"; }
if exists :mime :anychild "content-disposition" { fileinto "exists"; }
if exists :mime "content-disposition" { fileinto "not here"; }
if header :mime :type "subject" "" { fileinto "blank"; }
if address :mime :domain "from" "example.com" { fileinto "address"; }

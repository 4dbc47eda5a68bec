require ["mime", "date"];

# 1 to 3: :mime is missing
if header :anychild "a" "b" { keep; }
if header :type "a" "b" { keep; }
if exists :anychild "a" { keep; }
# 4 and 5: one option only
if header :mime :type :subtype "a" "b" { keep; }
if header :mime :param "x" :contenttype "a" "b" { keep; }
# 6: twice
if header :mime :mime "a" "b" { keep; }
# 7 to 9: not for these tests
if address :mime :type "from" "b" { keep; }
if exists :mime :param "x" "b" { keep; }
if date :mime "date" "year" "2026" { keep; }

if header :mime :type "content-type" "text" { keep; } # 1: :mime
if header :type "content-type" "text" { keep; } # 2: :type
if header :mime :type "content-type" "text" { keep; }

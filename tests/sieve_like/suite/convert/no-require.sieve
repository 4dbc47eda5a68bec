convert "text/html" "text/plain" ["charset=utf-8"];
if convert "text/html" "text/plain" ["charset=utf-8"] { keep; }

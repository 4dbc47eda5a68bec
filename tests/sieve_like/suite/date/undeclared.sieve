if date "date" "year" "2025" { keep; }

require ["editheader", "encoded-character"];

# 1: a blank in a name
addheader "X Field" "value";
# 2: a colon in a name
addheader "X-Field:" "value";
# 3: no value
addheader "X-Field";
# 4: a letter beyond ASCII
deleteheader "Größe";
# 5: :last without :index
deleteheader :last "X-Field";
# 6: a value with NUL
addheader "X-Field" "a${hex:00}b";
# 7: a tag that there is not
addheader :first "X-Field" "value";

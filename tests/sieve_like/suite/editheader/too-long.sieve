require ["editheader", "variables"];

set "ten" "0123456789";
set "hundred" "${ten}${ten}${ten}${ten}${ten}${ten}${ten}${ten}${ten}${ten}";
set "thousand" "${hundred}${hundred}${hundred}${hundred}${hundred}${hundred}${hundred}${hundred}${hundred}${hundred}";
addheader "X-Field" "${thousand}${thousand}${thousand}";

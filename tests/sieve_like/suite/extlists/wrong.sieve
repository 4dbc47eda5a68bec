require ["extlists", "relational"];

# 1, 2: names of lists
if valid_ext_list { keep; }
if valid_ext_list 1 { keep; }
# 3, 4: one match type
if header :list :is "from" ":addrbook:default" { keep; }
if header :list :list "from" ":addrbook:default" { keep; }
# 5: only addresses and lists
redirect :list;

require "subaddress";

# 1 to 3: one part
if address :user :detail "to" "x" { keep; }
if address :detail :all "to" "x" { keep; }
if address :detail :detail "to" "x" { keep; }
# 4, 5: tests that have no addresses
if header :detail "to" "x" { keep; }
if exists :user "to" { keep; }

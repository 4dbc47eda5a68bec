require "duplicate";

if duplicate "x" { stop; }                               # 1: an argument
if duplicate :handle 3 { stop; }                         # 2: a number
if duplicate :handle "a" :handle "b" { stop; }           # 3: twice
if duplicate :header "A" :header "B" { stop; }           # 4: twice
if duplicate :seconds "3" { stop; }                      # 5: a string
if duplicate :last :last { stop; }                       # 6: twice
if duplicate :frop { stop; }                             # 7: no such tag

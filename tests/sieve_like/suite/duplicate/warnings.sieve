require "duplicate";
if duplicate :seconds 100000000 { stop; }
if duplicate :header "X Event" { stop; }

require "duplicate";
if duplicate :header "X-Event" :uniqueid "4711" { stop; }

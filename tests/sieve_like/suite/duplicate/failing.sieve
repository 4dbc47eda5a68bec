require ["duplicate", "reject"];
if duplicate { stop; }
reject "a";
reject "b";

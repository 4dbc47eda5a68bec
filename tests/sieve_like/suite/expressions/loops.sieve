require ["vnd.stalwart.while", "foreverypart"];
break;
continue;
while "true" { break :name "frop"; }
while "true";
while { keep; }

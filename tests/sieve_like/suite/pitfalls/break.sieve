require "foreverypart";
break;
foreverypart { break :name "other"; }

require "ihave";
if ihave "frop" { one; } elsif true { two; }
if not ihave "frop" { three; }
if anyof(ihave "frop", four) { five; }
if ihave "frop" { six; } else { seven; }
if allof(eight, ihave "frop") { }

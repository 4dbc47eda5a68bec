if false { frop; }
if true { keep; } else { frop; }
if true { keep; } elsif frop { friep; } else { frop; }
if not true { frop; }
if allof(false, frop) { friep; }
if anyof(true, frop) { keep; } else { friep; }

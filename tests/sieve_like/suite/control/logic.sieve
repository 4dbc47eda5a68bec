if not { keep; }
if not (true) { keep; }
if anyof true { keep; }
if allof true { keep; }
if true false { keep; }
if not "a" true { keep; }

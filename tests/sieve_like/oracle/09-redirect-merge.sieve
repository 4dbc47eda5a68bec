redirect "x@EXAMPLE.com";
redirect "x@example.com";
redirect "X@example.com";

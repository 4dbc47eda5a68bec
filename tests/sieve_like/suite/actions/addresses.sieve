redirect "@example.net";
redirect "x@";
redirect "x y@example.net";
redirect "a@example.net, b@example.net";
redirect "right@example.net";

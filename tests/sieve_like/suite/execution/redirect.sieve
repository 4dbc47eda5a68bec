redirect "r@example.org";

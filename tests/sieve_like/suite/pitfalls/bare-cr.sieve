redirect "a@example.org";

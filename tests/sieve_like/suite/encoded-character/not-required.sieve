redirect "a@example.org";
if header "subject" "${unicode:d800}" { keep; }

require "encoded-character";
if header "a" "${unicode:d800}" { keep; }

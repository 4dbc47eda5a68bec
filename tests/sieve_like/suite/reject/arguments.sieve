require "reject";
reject;
reject 3;
reject "a" "b";
reject :copy "a";

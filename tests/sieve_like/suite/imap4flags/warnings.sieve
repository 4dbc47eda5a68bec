require "imap4flags";

setflag "\\Bogus";
keep;

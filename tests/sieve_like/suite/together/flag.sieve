require "imap4flags";
addflag "$Run";

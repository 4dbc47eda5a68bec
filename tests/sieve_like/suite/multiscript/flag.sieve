require "imap4flags";
addflag "$First";

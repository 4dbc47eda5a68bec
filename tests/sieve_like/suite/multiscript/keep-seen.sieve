require "imap4flags";
keep :flags "\\seen";

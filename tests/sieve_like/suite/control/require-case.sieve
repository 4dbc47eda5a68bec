require "FileInto";

require "vnd.stalwart.while";
while "true" { }

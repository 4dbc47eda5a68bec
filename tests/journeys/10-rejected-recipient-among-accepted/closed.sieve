require "reject";

reject "This address is closed, write to support.";

require "virustest";

if spamtest "1" { keep; }

require "vacation";
vacation :from "no address" :addresses ["a@example.org", "neither", "@example.org"] "away";

require "vacation";
vacation :seconds 100000 "Away";

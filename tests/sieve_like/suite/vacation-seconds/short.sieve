require "vacation-seconds";
vacation :seconds 10 "Away";

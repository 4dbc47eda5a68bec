require "vacation-seconds";
vacation :seconds "3" "Away";
vacation :seconds 100000 :seconds 100000 "Away";
vacation :seconds;

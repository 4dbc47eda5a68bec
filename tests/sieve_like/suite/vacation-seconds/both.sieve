require "vacation-seconds";
vacation :seconds 100000 :days 3 "Away";
vacation :days 3 :seconds 100000 "Away";

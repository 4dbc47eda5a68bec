require "vacation";
vacation :days 9999 "away";

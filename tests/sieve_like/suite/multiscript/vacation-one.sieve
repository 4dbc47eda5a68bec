require "vacation";
vacation :subject "one" "away";

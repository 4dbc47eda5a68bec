require "vacation";
vacation :subject "two" "away";

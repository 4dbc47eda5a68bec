require "vacation";
vacation :unknown "away";
vacation :days "7" "away";
vacation :days 7 :days 8 "away";
vacation;
vacation :subject 3 "away";

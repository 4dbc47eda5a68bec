require "vacation";
vacation :days 3 :subject "Away" :from "bob@example.org" :addresses ["b@example.org"] :handle "h" "I am away.";

require "variables";
set :lower :upper "a" "x";
set :lowerfirst :upperfirst "a" "x";
set :length :length "a" "x";
set :quotewildcard :quotewildcard "a" "x";

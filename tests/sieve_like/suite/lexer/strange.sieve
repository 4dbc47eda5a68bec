keep;
%
keep;

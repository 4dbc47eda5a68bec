require "spamtestplus";

if spamtest :percent :percent "50" { keep; }
if spamtest :percent 50 { keep; }
if spamtest :percent ["50"] { keep; }

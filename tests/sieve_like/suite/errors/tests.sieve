require "envelope";
if header "a" { keep; }
if header { keep; }
if header "a" "b" "c" { keep; }
if header 1 "b" { keep; }
if header "a" 2 { keep; }
if header "a" "b" :is { keep; }
if header :all "a" "b" { keep; }
if exists { keep; }
if exists 1 { keep; }
if exists "a" "b" { keep; }
if size 1 { keep; }
if size :over { keep; }
if size :over "1" { keep; }
if size :over 1 2 { keep; }
if size :over :under 1 { keep; }
if envelope "frop" "b" { keep; }
if address "subject" "b" { keep; }

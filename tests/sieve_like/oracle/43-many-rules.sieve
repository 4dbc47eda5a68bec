require "fileinto";
if header :contains "subject" ["word0", "täst0"] { fileinto "F0"; }
if header :contains "subject" ["word1", "täst1"] { fileinto "F1"; }
if header :contains "subject" ["word2", "täst2"] { fileinto "F2"; }
if header :contains "subject" ["word3", "täst3"] { fileinto "F3"; }
if header :contains "subject" ["word4", "täst4"] { fileinto "F4"; }
if header :contains "subject" ["word5", "täst5"] { fileinto "F5"; }
if header :contains "subject" ["word6", "täst6"] { fileinto "F6"; }
if header :contains "subject" ["word7", "täst7"] { fileinto "F7"; }
if header :contains "subject" ["word8", "täst8"] { fileinto "F8"; }
if header :contains "subject" ["word9", "täst9"] { fileinto "F9"; }
if header :contains "subject" ["word10", "täst10"] { fileinto "F10"; }
if header :contains "subject" ["word11", "täst11"] { fileinto "F11"; }
if header :contains "subject" ["word12", "täst12"] { fileinto "F12"; }
if header :contains "subject" ["word13", "täst13"] { fileinto "F13"; }
if header :contains "subject" ["word14", "täst14"] { fileinto "F14"; }
if header :contains "subject" ["word15", "täst15"] { fileinto "F15"; }
if header :contains "subject" ["word16", "täst16"] { fileinto "F16"; }
if header :contains "subject" ["word17", "täst17"] { fileinto "F17"; }
if header :contains "subject" ["word18", "täst18"] { fileinto "F18"; }
if header :contains "subject" ["word19", "täst19"] { fileinto "F19"; }
if header :contains "subject" "täst" { fileinto "hit"; }
if header :contains ["to", "cc"] "bob" { fileinto "bob"; stop; }
if address :is :domain "from" "d0.example" { fileinto "G0"; }
if address :is :domain "from" "d1.example" { fileinto "G1"; }
if address :is :domain "from" "d2.example" { fileinto "G2"; }
if address :is :domain "from" "d3.example" { fileinto "G3"; }
if address :is :domain "from" "d4.example" { fileinto "G4"; }
if address :is :domain "from" "d5.example" { fileinto "G5"; }
if address :is :domain "from" "d6.example" { fileinto "G6"; }
if address :is :domain "from" "d7.example" { fileinto "G7"; }
if address :is :domain "from" "d8.example" { fileinto "G8"; }
fileinto "end";

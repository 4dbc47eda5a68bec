require ["encoded-character", "fileinto"];
fileinto "a${hex:40}b";
fileinto "${hex: 40 41	42 }";
fileinto "${unicode:e9}";
fileinto "${hex:zz}${hex:4}${HEX:4a}";
fileinto "${unicode:000041 20 42}";
if header :contains "subject" "${unicode:E4}" { fileinto "umlaut"; }

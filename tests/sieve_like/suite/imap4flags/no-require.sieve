setflag "\\Seen";
addflag "\\Seen";
keep :flags "\\Seen";

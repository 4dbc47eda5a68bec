stop;
frop;
if true { stop; friep; }

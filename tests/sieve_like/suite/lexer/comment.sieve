keep;
/* nothing

frop;
friep;

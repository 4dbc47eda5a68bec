first;
second;
third;

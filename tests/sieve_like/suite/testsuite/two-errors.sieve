nonsense;
keep "x";

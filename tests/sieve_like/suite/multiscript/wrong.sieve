wrong;

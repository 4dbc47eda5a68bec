redirect :bytimerelative 600 "a@example.net";
redirect :bytimeabsolute "2037-01-01T12:00:00Z" "a@example.net";

require "redirect-deliverby";
redirect :bytimeabsolute "2001-01-01T12:00:00Z" :bymode "return" "other@example.net";

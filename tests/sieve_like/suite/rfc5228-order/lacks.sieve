require "extracttext"; # 1: neither variables nor foreverypart is there
keep 1;
frop;

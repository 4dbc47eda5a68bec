require "vnd.mailgate.ticket";

ticket :copy;

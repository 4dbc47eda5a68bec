require "vnd.mailgate.ticket";

ticket :match_subject :category "order";

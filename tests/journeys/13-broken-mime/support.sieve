require "vnd.mailgate.ticket";

ticket;

require "editheader";

deleteheader "Received";
deleteheader "Auto-Submitted";

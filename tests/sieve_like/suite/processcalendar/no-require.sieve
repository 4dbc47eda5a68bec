require "processcalendar";

processcalendar :outcome "o";
processcalendar :reason "r";
processcalendar :organizers "list";

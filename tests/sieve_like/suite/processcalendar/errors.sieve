require ["processcalendar", "variables"];

processcalendar "x";                                  # 1: an argument
processcalendar :updatesonly :calendarid "x";         # 2: exclude each other
processcalendar :allowpublic :allowpublic;            # 3: twice
processcalendar :addresses "nobody";                  # 4: no address
processcalendar :outcome "a b";                       # 5: no name of a variable
processcalendar :calendarid 3;                        # 6: a number

# Mail of monitoring systems: one ticket per problem, updated by every further mail about it.
# Machines are never answered, so there is no reply here.
require ["variables", "fileinto", "vnd.mailgate.ticket"];

# rule:[Recovered]
# "RECOVERY: disk on web1" sets the ticket that "PROBLEM: disk on web1" has opened to solved.
if header :matches "subject" ["RECOVERY: *", "OK: *"] {
    ticket :queue "operations" :subject "${1}" :key "${1}" :status "solved" :update;
    stop;
}

# rule:[Problems]
if header :matches "subject" ["PROBLEM: *", "CRITICAL: *"] {
    ticket :queue "operations" :subject "${1}" :key "${1}" :priority "urgent" :status "open"
        :update;
    stop;
}

# rule:[The rest is for reading]
fileinto "Reports";

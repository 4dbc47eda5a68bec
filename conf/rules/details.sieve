# One address with details: info+jobs@, info+press@ and the like (RFC 5233). info@ alone opens a ticket.
require ["envelope", "subaddress", "fileinto", "vnd.mailgate.ticket"];

# rule:[By detail]
if envelope :detail :is "to" "jobs" {
    fileinto "Applications";
} elsif envelope :detail :is "to" ["press", "media"] {
    ticket :queue "support" :category "press" :priority "high";
} elsif envelope :detail :matches "to" "?*" {
    # A detail that nobody has made up: see what comes, lose nothing.
    fileinto "Other details";
} else {
    ticket :queue "support" :category "info";
}

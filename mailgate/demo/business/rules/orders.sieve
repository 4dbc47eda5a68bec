require ["vnd.mailgate.ticket", "vnd.mailgate.reply", "variables"];

# rule:[One ticket per order, whatever the subject adds]
ticket :queue "orders" :match_subject :category ["order"] :outcome "did";
if string "${did}" "created" {
    reply :template "received" :salutation_fallback "Dear customer";
}

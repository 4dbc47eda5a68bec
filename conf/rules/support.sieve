# A help desk: sorts out what is no question, then one ticket per conversation, and one answer per new ticket.
# Answers go through the gate: machines, lists and bounces are never answered, whatever a script says.
require [
    "fileinto", "variables", "vnd.mailgate.ticket", "vnd.mailgate.contact", "vnd.mailgate.reply"
];

# rule:[Lists are for reading]
if anyof (exists "List-Id", exists "List-Unsubscribe") {
    fileinto "Lists";
    stop;
}

# rule:[Invoices go to accounting]
if anyof (
    header :contains "subject" ["invoice", "Rechnung", "facture"],
    address :domain :is "from" ["billing.example.com", "invoices.example.net"]
) {
    fileinto "Accounting";
    stop;
}

# rule:[How urgent]
set "prio" "normal";
if header :contains "subject" ["urgent", "dringend", "down"] {
    set "prio" "high";
}
if contact :vip {
    set "prio" "urgent";
}

# rule:[New customers]
if not contact :known {
    contact_create :category ["new", "mail"];
}

# rule:[One ticket per conversation]
# An answer to a mail of ours joins its ticket; what merely claims to belong to one gets a ticket of its own.
ticket :queue "support" :priority "${prio}" :category "mail" :status "open" :outcome "did";

# rule:[Tell them the number]
if string "${did}" ["created", "claimed"] {
    reply :template "received" :salutation_fallback "Hello";
}

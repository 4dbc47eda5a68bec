require [
    "fileinto", "reject", "variables", "vnd.mailgate.ticket", "vnd.mailgate.contact",
    "vnd.mailgate.reply"
];

# rule:[Lists are for reading]
if exists "List-Id" {
    fileinto "Lists";
    stop;
}

# rule:[No advertising]
if header :contains "subject" ["lottery", "casino"] {
    reject "We do not read advertising here.";
    stop;
}

# rule:[Invoices go to accounting]
if header :contains "subject" ["invoice", "Rechnung"] {
    fileinto "Accounting";
    stop;
}

# rule:[Everything else is a ticket]
if not contact :known {
    contact_create :category ["new", "mail"];
}
set "prio" "normal";
if header :contains "subject" ["urgent", "dringend"] {
    set "prio" "high";
}
ticket :queue "support" :priority "${prio}" :category ["mail"] :status "open" :outcome "did";
if string "${did}" ["created", "claimed"] {
    reply :template "received" :salutation_fallback "Hello";
}

require ["variables", "vnd.mailgate.ticket", "vnd.mailgate.contact", "vnd.mailgate.reply"];

if not contact :known {
    contact_create :category ["new", "mail"];
}
ticket :category "mail" :outcome "did";
if string "${did}" "created" {
    reply :template "received" :salutation_fallback "Good day";
}

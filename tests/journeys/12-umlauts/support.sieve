require ["variables", "vnd.mailgate.ticket", "vnd.mailgate.reply"];

set "prio" "normal";
if header :contains "subject" "STÖRUNG" {
    # i;ascii-casemap folds ASCII letters only, so the other letters must be written as they are.
    set "prio" "urgent";
}
if header :contains "subject" "störung" {
    set "prio" "high";
}
ticket :priority "${prio}";
reply "Guten Tag ${mail.from_name}: ${mail.subject}";

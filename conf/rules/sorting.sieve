# A personal mailbox, sorted by subject terms and senders. Standard Sieve only: it runs in Dovecot as well.
require ["fileinto", "relational", "comparator-i;ascii-numeric"];

# rule:[Mailing lists]
if header :contains "list-id" "dev.lists.example.org" {
    fileinto "Lists.Dev";
    stop;
}

# rule:[Accounting, by subject terms]
if header :contains "subject" ["invoice", "reminder", "credit note"] {
    fileinto "Accounting";
    stop;
}

# rule:[Advertising, by sender]
if anyof (
    address :is "from" ["news@shop.example", "offers@shop.example"],
    header :is "precedence" ["bulk", "junk"]
) {
    fileinto "Advertising";
    stop;
}

# rule:[Spam, by the score that the border has written]
if header :value "ge" :comparator "i;ascii-numeric" "X-Spam-Score" "7" {
    discard;
    stop;
}

# rule:[Big ones]
if size :over 10M {
    fileinto "Big";
}

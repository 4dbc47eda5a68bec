require "fileinto";

# rule:[Invoices]
if header :contains "subject" ["invoice", "Rechnung"] {
    fileinto "Accounting.2026";
    stop;
}
# rule:[Advertising]
if address :is "from" ["news@shop.example", "offers@shop.example"] {
    fileinto "Werbung & Müll";
} elsif header :is "subject" "weekly report" {
    fileinto "Reports/Weekly";
}

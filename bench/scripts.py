"""The rules that both sides of the benchmarks run: five, as a help desk has them; the last one matches."""

QUEUE = "support"
SENDER = "support@desk.example.org"

# Four rules of different kinds that look at the mail and don't match, as most rules on most mails.
NO_MATCH = """\
if header :contains "Subject" ["unsubscribe me", "out of toner"] { fileinto "Machines"; stop; }
if address :is :domain "From" ["partner.example.com", "partner.example.net"] { fileinto "Partners"; stop; }
if allof (header :matches "Subject" "*order-*-out*", not header :is "X-Spam" "yes") { fileinto "Sent"; stop; }
if anyof (envelope :is "to" "sales@example.com", header :is "List-Id" "<a.org>") { fileinto "News"; stop; }
"""

# Plain Sieve, the same text for Pigeonhole and for us: keep in INBOX.
KEEP = f"""\
require ["fileinto", "envelope"];
{NO_MATCH}if header :contains "Subject" "case" {{ fileinto "INBOX"; stop; }}
"""

# Ours: a new ticket and an answer for every mail.
TICKET = f"""\
require ["fileinto", "envelope", "vnd.mailgate.ticket", "vnd.mailgate.reply"];
{NO_MATCH}if header :contains "Subject" "case" {{
    ticket :queue "{QUEUE}";
    reply :template "received" :from "{SENDER}";
}}
"""

"""The scripts of `make bench-rules`: N rules as a help desk has them, of which the last one matches."""

HEAD = 'require ["fileinto", "envelope"];\n'
LAST = 'if header :contains "Subject" "[case" { fileinto "INBOX"; stop; }\n'
QUEUES = 20

# Five kinds of rules in turn: words of the subject, the sender's domain, a pattern, envelope or list, a team.
KINDS = (
    'header :contains "Subject" ["device {n} is down", "outage of line {n}"]',
    'address :is :domain "From" ["customer{n}.example.com", "client{n}.example.net"]',
    'allof (header :matches "Subject" "*order-{n}-*", not header :contains "X-Spam" "yes")',
    'anyof (envelope :is "to" "queue{n}@example.com", header :is "List-Id" "<list{n}.example.com>")',
    'allof (address :contains "To" "team{n}@", size :over {size}K)',
)


def rules(count: int) -> str:
    """Return a script with so many rules: of the kinds above, which match no mail of ours, and the last."""
    lines = [
        f'if {KINDS[n % len(KINDS)].format(n=n, size=10 + n % 90)} {{ fileinto "Q{n % QUEUES}"; stop; }}\n'
        for n in range(count - 1)
    ]
    return "".join((HEAD, *lines, LAST))

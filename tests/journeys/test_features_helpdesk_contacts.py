"""Contacts and companies by real LMTP and real commands: W5, S4, S5, and the customer's facts of T5."""

import smtplib
from itertools import count

import pytest
from gatewayrun import gateway as run_gateway

SUPPORT, SALES, FACTS = "support@desk.example", "sales@desk.example", "facts@desk.example"
ANNA = "anna@customer.example"
NUMBERS = count(1)
BUSINESS = {
    "business.toml": f"""
[[queue]]
name = "support"
address = "{SUPPORT}"
[[agent]]
name = "joe"
address = "joe@desk.example"
[[address]]
address = "{SUPPORT}"
queue = "support"
script = "support"
[[address]]
address = "{SALES}"
queue = "support"
script = "sales"
[[address]]
address = "{FACTS}"
script = "facts"
""",
    "support.sieve": """require ["vnd.mailgate.contact", "vnd.mailgate.ticket"];
contact_create :category ["new", "web"];
ticket :queue "support";
""",
    "sales.sieve": """require ["vnd.mailgate.contact", "vnd.mailgate.ticket"];
contact_create :company "Big Ltd";
ticket :queue "support" :match_subject :status "pending";
""",
    "facts.sieve": """require ["fileinto", "vnd.mailgate.contact"];
if contact :vip { fileinto "VIP"; }
elsif contact :type "partner" { fileinto "Partners"; }
elsif contact :category ["web", "fair"] { fileinto "Category"; }
elsif contact :company "*big*" { fileinto "Company"; }
elsif contact :known { fileinto "Known"; }
else { fileinto "Strangers"; }
""",
}


@pytest.fixture(scope="module")
def desk():
    """Run a gateway for all of these tests; each uses senders of its own."""
    with run_gateway({}, BUSINESS) as gateway:
        yield gateway


def send(gateway, author, to=SUPPORT, subject="My printer", name="Anna Berg"):
    """Send a mail by LMTP and return what the client is told it became."""
    text = (
        f"From: {name} <{author}>\r\nTo: {to}\r\nSubject: {subject}\r\n"
        f"Message-ID: <{next(NUMBERS)}@client.example>\r\n\r\nHello\r\n"
    )
    options = ["SMTPUTF8"] if not author.isascii() else []
    with smtplib.LMTP("127.0.0.1", gateway.port, local_hostname="client.example") as client:
        client.ehlo_or_helo_if_needed()
        assert client.mail(author, options)[0] == 250
        assert client.rcpt(to)[0] == 250
        code, said = client.data(text.encode())
    assert code == 250, said
    return said.decode().rpartition(" ")[2].partition("=")[2]


def test_w5_unknown_sender_becomes_contact(desk):
    """With the rule's categories, the company named by the address; ticket and contact belong together."""
    number = send(desk, ANNA)
    one = desk.json("contact", "show", ANNA)
    assert (one["name"], one["categories"], one["company"]) == (
        "Anna Berg",
        ["new", "web"],
        "customer.example",
    )
    assert one["sources"] == {"categories": "rule support:2"}
    ticket = desk.json("ticket", "show", number)
    assert (ticket["contact_id"], ticket["company_id"]) == (one["id"], one["company_id"])
    assert [row["number"] for row in one["tickets"]] == [number]


def test_w5_a_known_sender_is_found_by_any_address(desk):
    """Case, +detail and a second address make no second contact; the ticket is the same contact's."""
    send(desk, "mona@known.example")
    first = desk.json("contact", "show", "mona@known.example")["id"]
    desk.command("contact", "set", str(first), "--add-address", "mona@münchen.example")
    for author in (
        "MONA@Known.Example",
        "mona+shop@known.example",
        "mona@xn--mnchen-3ya.example",
        "mona@münchen.example",
    ):
        number = send(desk, author, subject=f"from {author.encode().hex()}")
        assert desk.json("ticket", "show", number)["contact_id"] == first, author
        assert desk.json("contact", "show", author)["id"] == first
        assert number in [row["number"] for row in desk.json("ticket", "list", "--contact", author)]


def test_w5_a_new_colleague_joins_the_company(desk):
    """Also after it was given its real name; at a public provider everybody stands alone."""
    send(desk, "one@firm.example")
    desk.command("company", "set", "firm.example", "--name", "Firm GmbH")
    send(desk, "two@firm.example", name="Two")
    assert desk.json("contact", "show", "two@firm.example")["company"] == "Firm GmbH"
    for author in ("one@gmail.com", "two@gmail.com"):
        send(desk, author)
        assert desk.json("contact", "show", author)["company"] == author


def test_s4_a_contact_is_created_unless_it_exists(desk):
    """The ticket after it links the contact; what an agent has set stays as it is."""
    number = send(desk, "carl@s4.example", SALES, name="Carl")
    made = desk.json("contact", "show", "carl@s4.example")
    assert (made["company"], made["sources"]["company"]) == ("Big Ltd", "rule sales:2")
    assert desk.json("ticket", "show", number)["contact_id"] == made["id"]
    desk.command("contact", "set", "carl@s4.example", "--name", "Dr. Carl", "--company", "", "--as", "joe")
    send(desk, "carl@s4.example", SALES, subject="once more", name="Carl")
    after = desk.json("contact", "show", "carl@s4.example")
    assert (after["id"], after["name"], after["company"]) == (made["id"], "Dr. Carl", "")
    assert after["sources"]["name"] == "agent joe"


def test_s5_ticket_is_linked_to_contact_and_company(desk):
    """The same subject of the same contact, by another of its addresses, joins the ticket."""
    number = send(desk, "dora@s5.example", SALES, subject="Order 7")
    contact = desk.json("contact", "show", "dora@s5.example")
    desk.command("contact", "set", str(contact["id"]), "--add-address", "dora@home.example")
    assert send(desk, "dora@home.example", SALES, subject="Order 7") == number
    ticket = desk.json("ticket", "show", number)
    assert (ticket["contact_id"], ticket["company_id"]) == (contact["id"], contact["company_id"])


def test_t5_customer_known_type_vip_and_category(desk):
    """What is known of the sender decides, also when it changes between two mails."""
    author = "eve@t5.example"
    assert send(desk, author, FACTS) == "Strangers"
    desk.command("contact", "add", author, "--company", "")
    assert send(desk, author, FACTS, subject="2") == "Known"
    for options, folder in (
        (("--company", "The Big Ones"), "Company"),
        (("--category", "Fair"), "Category"),
        (("--type", "partner"), "Partners"),
        (("--vip",), "VIP"),
    ):
        desk.command("contact", "set", author, *options)
        assert send(desk, author.upper(), FACTS, subject=folder) == folder
        assert send(desk, author.replace("@", "+x@"), FACTS, subject=f"{folder} 2") == folder


def test_w5_two_contacts_become_one(desk):
    """Tickets, addresses and later mails are the kept one's; the old id still leads there."""
    numbers = [send(desk, author) for author in ("f1@w5.example", "f2@w5.example")]
    keep, other = (desk.json("contact", "show", f"f{n}@w5.example")["id"] for n in (1, 2))
    assert "same name and company" in desk.command("contact", "duplicates").stdout
    desk.command("contact", "merge", str(keep), str(other))
    numbers.append(send(desk, "f2@w5.example", subject="later"))
    assert {desk.json("ticket", "show", number)["contact_id"] for number in numbers} == {keep}
    one = desk.json("contact", "show", str(other))
    assert (one["id"], one["addresses"]) == (keep, ["f1@w5.example", "f2@w5.example"])
    history = desk.json("ticket", "show", numbers[1])["entries"][-1]
    assert (history["field"], history["old"], history["new"]) == ("contact_id", str(other), str(keep))


def test_w5_an_imported_contact_is_known_to_the_next_mail(desk):
    """Without telling the running gateway anything; what the file said names its line."""
    table = b"Name;E-Mail;Firma;VIP\nGerd;gerd@import.example;Import GmbH;ja\n"
    desk.command("contact", "import", "-", data=table)
    assert send(desk, "gerd@import.example", FACTS) == "VIP"
    number = send(desk, "gerd@import.example")
    assert desk.json("ticket", "show", number)["contact"]["name"] == "Gerd"
    assert desk.json("contact", "show", "gerd@import.example")["sources"]["vip"] == "import standard input:2"

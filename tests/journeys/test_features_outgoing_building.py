"""What a mail is made of, by real LMTP and real commands, read at the relay: G20 and how mails are built.

That each mail conforms is checked for all of them (tests/conformance.py).
"""

import email
import email.policy
import hashlib
import json
import smtplib

import conformance
import gatewayrun
import peers
import pytest
from aiosmtpd.controller import Controller
from click.testing import CliRunner
from filekit import PDF, STRANGERS, png

from mailgate.cli._main import cli

SUPPORT, ANNA = "support@desk.example", "anna@customer.example"
BUSINESS = {
    "business.toml": f"""
[[queue]]
name = "support"
address = "{SUPPORT}"
from_name = "Hilfe, Büro"
[[agent]]
name = "sue"
address = "sue@staff.example"
queues = ["support"]
[[address]]
address = "{SUPPORT}"
queue = "support"
script = "support"
[[template]]
name = "received"
subject = "Wir haben es, {{{{ contact.name }}}}"
text = "Danke für Ihre Nachricht."
html = "<p>Danke für Ihre Nachricht.</p><img src='cid:logo.png' alt='us'>"
""",
    "support.sieve": """require ["vnd.mailgate.ticket", "vnd.mailgate.reply"];
ticket :queue "support";
reply :template "received" :seconds 0;
""",
}


class Relay:
    """Takes every mail; keeps the octets and to whom each went."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, bytes]] = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  aiosmtpd's name
        self.mails.append((envelope.rcpt_tos[0], envelope.original_content))
        return "250 2.0.0 taken"

    def take(self, address: str):
        """Return the mail to an address once it is there, and forget it."""
        peers.wait_until(lambda: any(to == address for to, _ in self.mails), f"a mail to {address}")
        at = next(n for n, (to, _) in enumerate(self.mails) if to == address)
        return email.message_from_bytes(self.mails.pop(at)[1], policy=email.policy.default)


@pytest.fixture(scope="module")
def world():
    """Run one gateway with its relay for all of these tests."""
    relay = Relay()
    controller = Controller(relay, hostname="127.0.0.1", port=peers.free_port(), data_size_limit=None)
    controller.start()
    try:
        settings = {"relay": {"port": controller.port}, "outbox": {"undo": "0s"}}
        with gatewayrun.gateway(settings, BUSINESS) as gateway:
            yield gateway, relay
    finally:
        controller.stop()


def write(gateway, name: str, octets: bytes) -> str:
    file = gateway.folder / name
    file.write_bytes(octets)
    return str(file)


def command(gateway, *arguments: str, code: int = 0) -> str:
    """Run a command in this process, which costs less than one of its own; return what it printed."""
    done = CliRunner().invoke(cli, ["--config", str(gateway.config), *arguments])
    assert done.exit_code == code, done.output
    return done.output


def ask(gateway, subject: str) -> str:
    """Send a mail by LMTP; return the number of its ticket."""
    ask.count = getattr(ask, "count", 0) + 1
    head = f"From: Jürgen <{ANNA}>\r\nTo: <{SUPPORT}>\r\nSubject: {subject}\r\nMessage-ID: <{ask.count}@customer.example>"
    with smtplib.LMTP("127.0.0.1", gateway.port, local_hostname="client.example") as client:
        client.ehlo_or_helo_if_needed()
        client.mail(ANNA)
        client.rcpt(SUPPORT)
        code, said = client.data(f"{head}\r\n\r\nHello\r\n".encode())
    assert code == 250, said
    return said.decode().rpartition("ticket=")[2]


def tree(part) -> object:
    if part.is_multipart():
        return [part.get_content_subtype(), *map(tree, part.get_payload())]
    return part.get_content_type()


def test_g20_answers_carry_images_and_files(world):
    """A template's image is seen in the HTML, its file is beside it, octet for octet; a new file goes along at once."""
    gateway, relay = world
    terms = PDF + b"%" + b"terms " * 100_000
    command(
        gateway,
        "template",
        "attach",
        "received",
        write(gateway, "logo.png", png()),
        "--inline",
        "--take-over",
    )
    command(
        gateway,
        "template",
        "attach",
        "received",
        write(gateway, "x.pdf", terms),
        "--as",
        "Bedingungen für Käufer.pdf",
    )
    ask(gateway, "Files")
    mail = relay.take(ANNA)
    assert tree(mail) == [
        "mixed",
        ["alternative", "text/plain", ["related", "text/html", "image/png"]],
        "application/pdf",
    ]
    _, _, _, _, page, image, file = mail.walk()
    assert f"cid:{image['Content-ID'].strip('<>')}" in page.get_content()
    assert image.get_payload(decode=True) == png()
    assert file.get_filename() == "Bedingungen für Käufer.pdf"
    assert hashlib.sha256(file.get_payload(decode=True)).digest() == hashlib.sha256(terms).digest()
    command(gateway, "template", "detach", "received", "logo.png", "Bedingungen für Käufer.pdf")
    ask(gateway, "No files")
    assert tree(relay.take(ANNA)) == ["alternative", "text/plain", "text/html"]


def test_g20_files_are_checked_by_content(world):
    """A program named as an image, a page named as a text: refused with what they are, and nothing goes along."""
    gateway, relay = world
    for name, what in (
        ("setup.exe", "a Windows program"),
        ("page.html", "a web page"),
        ("all.zip", "a ZIP archive"),
    ):
        file = write(gateway, "logo.png", STRANGERS[name][1])
        said = command(gateway, "template", "attach", "received", file, "--inline", code=1)
        assert f"logo.png is {what}" in said
    assert json.loads(command(gateway, "template", "files", "received", "--json")) == []
    number = ask(gateway, "Checked")
    relay.take(ANNA)
    file = write(gateway, "invoice.pdf", png())
    said = command(gateway, "ticket", "reply", number, "Here.", "--as", "sue", "--attach", file, code=1)
    assert "its name says a PDF document" in said


def test_g20_agents_answers_carry_files(world):
    """With one answer alone, in the agent's own words."""
    gateway, relay = world
    number = ask(gateway, "Invoice")
    relay.take(ANNA)
    files = [write(gateway, "Rechnung 7 (ü).pdf", PDF), write(gateway, "list.csv", b"a;b\n1;2\n")]
    attach = [word for file in files for word in ("--attach", file)]
    command(gateway, "ticket", "reply", number, "Here it is.", "--as", "sue", *attach)
    mail = relay.take(ANNA)
    assert tree(mail) == ["mixed", "text/plain", "application/pdf", "text/csv"]
    found = [(one.get_filename(), one.get_payload(decode=True)) for one in mail.iter_attachments()]
    assert found == [("Rechnung 7 (ü).pdf", PDF), ("list.csv", b"a;b\n1;2\n")]


def test_texts_leave_in_the_form_that_fits(world):
    """A long paragraph of ASCII is flowed, other letters are quoted-printable; both come out whole."""
    gateway, relay = world
    number = ask(gateway, "Forms")
    relay.take(ANNA)
    for text, encoding, form in (
        ("some words " * 30 + "end.", "7bit", "flowed"),
        ("grüße " * 30 + "Ende.", "quoted-printable", None),
    ):
        command(gateway, "ticket", "reply", number, text, "--as", "sue", "--no-signature")
        mail = relay.take(ANNA)
        assert (mail["Content-Transfer-Encoding"], mail.get_param("format")) == (encoding, form)
        plain = mail.get_payload(decode=True).decode(mail.get_content_charset())
        assert text in (plain.replace(" \r\n", " ") if form else plain)


@pytest.mark.peer("postfix", "dovecot", "mime-parser")
def test_g20_answers_survive_a_real_postfix_and_dovecot(tmp_path, postfix_instance, dovecot_lmtp):
    """With a template's files from the folder that is applied; in the mailbox the mail is as it was built."""
    folder = tmp_path / "business"
    folder.mkdir()
    for name, text in BUSINESS.items():
        along = 'files = ["terms.pdf"]\nimages = ["logo.png"]\n' if name.endswith(".toml") else ""
        (folder / name).write_text(text + along)
    (folder / "terms.pdf").write_bytes(PDF)
    (folder / "logo.png").write_bytes(png())
    dovecot = dovecot_lmtp()
    route = {"relay_domains": "customer.example", "relay_transport": f"lmtp:inet:[127.0.0.1]:{dovecot.port}"}
    postfix = postfix_instance(main=route)
    with gatewayrun.gateway({"relay": {"port": postfix.port}}, folder) as gateway:
        ask(gateway, "Drücker")
        peers.wait_until(lambda: dovecot.mails("anna"), f"the answer is in the mailbox\n{postfix.log()}")
    octets = conformance.as_sent(dovecot.mails("anna")[0].read_bytes())
    assert conformance.complaints(octets) == []
    mail = email.message_from_bytes(octets, policy=email.policy.default)
    assert mail["Subject"] == "Wir haben es, Jürgen"
    assert [one.get_payload(decode=True) for one in mail.walk() if one.get_filename()] == [png(), PDF]

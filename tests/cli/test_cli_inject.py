"""`mailgate inject`: files sent through the real door of a real gateway."""

import pytest
from climails import ANNA, BOX, BUSINESS, PLAIN, SUPPORT, ask
from gatewayrun import gateway as run_gateway

MAIL = b"From: Anna <anna@customer.example>\nTo: plain@gate.example.org\nSubject: hi\n\n.dot\nend\n"


@pytest.fixture(scope="module")
def door():
    """Run a gateway."""
    with run_gateway({}, BUSINESS) as gateway:
        yield gateway


def stored(gateway):
    """Return sender and octets of the newest mail."""
    sql = "SELECT sender, octets FROM message JOIN message_body ON message_id = message.id ORDER BY id DESC LIMIT 1"
    ((sender, octets),) = ask(gateway, sql)
    return sender, bytes(octets)


def test_the_mail_arrives_as_it_stands_in_the_file(door, tmp_path):
    """A Received line in front, CRLF as line ends, dots as they were, and nothing else changed."""
    file = tmp_path / "mail.eml"
    file.write_bytes(MAIL)
    done = door.command("inject", str(file), "--to", PLAIN)
    assert done.stdout.startswith(f"{PLAIN}: 250 2.0.0 accepted id=")
    sender, octets = stored(door)
    received, _, rest = octets.partition(b"\r\n")
    assert sender == ANNA
    assert received.startswith(b"Received: by localhost (mailgate inject) id ")
    assert rest == MAIL.replace(b"\n", b"\r\n")


def test_standard_input_can_be_sent(door):
    """- is standard input; what has CRLF already keeps it."""
    octets = MAIL.replace(b"\n", b"\r\n")
    door.command("inject", "-", "--to", PLAIN, "--plain", data=octets)
    assert stored(door)[1] == octets


def test_an_address_of_one_line_is_wanted(door):
    """A control character from a file of addresses is a mistake, not a recipient."""
    done = door.command("inject", "-", "--to", f"{PLAIN}\r", data=MAIL, check=False)
    assert done.returncode == 2
    assert "control character" in done.stderr


def test_each_sending_is_a_new_mail(door):
    """--repeat sends it so many times; each becomes a delivery of its own."""
    ((before,),) = ask(door, "SELECT count(*) FROM delivery")
    done = door.command("inject", "-", "--to", PLAIN, "--repeat", "3", data=MAIL)
    assert len(done.stdout.splitlines()) == 3
    assert ask(door, "SELECT count(*) FROM delivery") == [(before + 3,)]


def test_a_plain_mail_sent_twice_is_the_same_mail(door):
    """Without the Received line the second reply is that of the first."""
    octets = MAIL + b"once more\n"
    door.command("inject", "-", "--to", PLAIN, "--plain", data=octets)
    again = door.command("inject", "-", "--to", PLAIN, "--plain", data=octets)
    assert again.stdout.startswith(f"{PLAIN}: 250 2.0.0 already accepted")


def test_each_recipient_gets_its_reply_in_order(door):
    """Accepted and unknown ones mixed: exit 1, since one is refused."""
    who = [arg for one in (SUPPORT, "nobody@gate.example.org", BOX) for arg in ("--to", one)]
    done = door.command("inject", "-", *who, data=MAIL, check=False)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert [line.split(": ")[0] for line in lines] == [SUPPORT, "nobody@gate.example.org", BOX]
    assert [line.split(": ")[1][:3] for line in lines] == ["250", "550", "250"]


@pytest.mark.parametrize(
    ("head", "options", "expected"),
    [
        (b"", (), ANNA),
        (b"Return-Path: <bounce+1@customer.example>\n", (), "bounce+1@customer.example"),
        (b"Return-Path: <>\n", (), ""),
        (b"", ("--from", "ben@other.example"), "ben@other.example"),
        (b"", ("--from", ""), ""),
    ],
    ids=["From", "Return-Path", "null Return-Path", "--from", "--from nobody"],
)
def test_the_envelope_sender(door, head, options, expected):
    """What --from says, else the mail's own Return-Path, else its From."""
    door.command("inject", "-", "--to", PLAIN, *options, data=head + MAIL)
    assert stored(door)[0] == expected


def test_eight_bit_and_addresses_beyond_ascii_pass(door):
    """8BITMIME and SMTPUTF8 are asked for where they are needed."""
    octets = MAIL.replace(b"end", "grüße".encode())
    door.command("inject", "-", "--to", PLAIN, "--from", "jürgen@customer.example", data=octets)
    sender, arrived = stored(door)
    assert sender == "jürgen@customer.example"
    assert arrived.endswith("grüße\r\n".encode())


@pytest.mark.parametrize("form", ["unix:{socket}", "{socket}", "127.0.0.1:{port}", "tcp:127.0.0.1:{port}"])
def test_another_place_can_be_named(door, form):
    """HOST:PORT, a path, and the forms of the settings."""
    place = form.format(socket=door.socket, port=door.port)
    assert door.command("inject", "-", "--to", PLAIN, "--lmtp", place, data=MAIL).returncode == 0


def test_a_wrong_place_is_wrong_usage(door):
    """Exit 2 and what would be right."""
    done = door.command("inject", "-", "--to", PLAIN, "--lmtp", "there", data=MAIL, check=False)
    assert (done.returncode, done.stderr) == (2, "Error: 'there' is neither HOST:PORT nor unix:/path\n")


def test_nobody_there_is_worth_another_try(gateway):
    """Exit 75, as a pipe of a mail server expects it, naming every listener that was tried."""
    one = gateway(start=False)
    done = one.command("inject", "-", "--to", PLAIN, data=MAIL, check=False)
    assert done.returncode == 75
    assert f"127.0.0.1:{one.port}: Connection refused" in done.stderr
    assert f"{one.socket}: No such file or directory" in done.stderr


def test_a_deferred_mail_is_worth_another_try(gateway):
    """A disabled address answers 451: exit 75."""
    toml = f'[[address]]\naddress = "{PLAIN}"\nenabled = false\n'
    one = gateway({}, {"business.toml": toml, "x.sieve": "keep;"})
    done = one.command("inject", "-", "--to", PLAIN, data=MAIL, check=False)
    assert (done.returncode, done.stdout[: len(PLAIN) + 11]) == (75, f"{PLAIN}: 451 4.3.2")


def test_a_mail_above_the_limit_is_refused(gateway):
    """The refusal of MAIL with its size holds for every recipient: exit 1."""
    one = gateway({"limits": {"message_size": "64 KiB"}}, BUSINESS)
    who = ("--to", PLAIN, "--to", BOX)
    done = one.command("inject", "-", *who, data=MAIL + b"x" * 70_000, check=False)
    assert done.returncode == 1
    assert [line.split(": ")[1][:9] for line in done.stdout.splitlines()] == ["552 5.3.4"] * 2


def test_an_unreadable_file_is_a_sentence(door, tmp_path):
    """Exit 1 and the reason."""
    done = door.command("inject", str(tmp_path / "none.eml"), "--to", PLAIN, check=False)
    assert done.returncode == 1
    assert done.stderr.endswith("none.eml: No such file or directory\n")


def test_a_listener_that_only_systemd_knows_must_be_named(gateway):
    """The settings cannot tell where it is: the sentence says what to do."""
    one = gateway(start=False)
    one.write({"listener": [{"name": "postfix", "address": "systemd:lmtp"}]})
    done = one.command("inject", "-", "--to", PLAIN, data=MAIL, check=False)
    assert done.returncode == 1
    assert "say one with --lmtp" in done.stderr

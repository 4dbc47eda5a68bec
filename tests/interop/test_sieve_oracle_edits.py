"""Edited headers against a real engine: what sieve-test stores has the same fields, and the same body."""

import shutil
import subprocess
from datetime import UTC, datetime

import peers
import pytest

from sieve_like.compiler import compile_script
from sieve_like.edit import Header, value_of
from sieve_like.host import DefaultHost
from sieve_like.message import Envelope, PlainMessage
from sieve_like.registry import Registry
from sieve_like.settings import Settings
from sieve_like.words import decode_words

SENDER, RECIPIENT = "alice@example.com", "bob@example.org"
CONFIG = """mail_home = {home}
mail_location = maildir:{home}/mail
log_path = /dev/stderr
plugin {{
  sieve_extensions = +editheader
  sieve_editheader_protected = x-protected
}}
"""
MAIL = """X-First: one
X-Tag: red
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
X-Tag:  green
\tand blue
Received: from somewhere
X-Tag: yellow
X-Empty:
X-Protected: yes

The body.
"""
REQUIRE = 'require ["editheader", "variables", "relational", "comparator-i;ascii-numeric"];\n'
SCRIPTS = [
    'addheader "N" "v";',
    'addheader :last "N" "v";',
    'addheader "N" "v"; addheader "N" "w"; addheader :last "N" "x"; addheader :last "N" "y";',
    'addheader "N" "";',
    'addheader "N" "Grüße aus Köln";',
    'addheader "N" "Hello wörld this is a long line with some umlauts äöü and more text to be folded nicely";',
    'addheader "N" "' + "word " * 60 + '";',
    'addheader "N" "a\n b";',
    'addheader "N" "=?utf-8?q?x?=";',
    'addheader "Subject" "another";',
    'addheader "X-Protected" "no"; deleteheader "x-protected";',
    'deleteheader "X-TAG";',
    'deleteheader "nothing";',
    'deleteheader :index 2 "x-tag";',
    'deleteheader :index 1 :last "x-tag";',
    'deleteheader :last :index 2 "x-tag";',
    'deleteheader :index 9 "x-tag";',
    'deleteheader "x-tag" ["red", "yellow"];',
    'deleteheader :contains "x-tag" "E";',
    'deleteheader :comparator "i;octet" :contains "x-tag" "E";',
    'deleteheader :matches "x-tag" "g*n*e";',
    'deleteheader :matches "x-tag" "green*blue";',
    'deleteheader :value "gt" "x-tag" "h";',
    'deleteheader :index 1 :contains "x-tag" "yellow";',
    'deleteheader "subject" "Grüße";',
    'deleteheader "x-empty" "";',
    'deleteheader "received";',
    'deleteheader "subject"; addheader "Subject" "new";',
    'if header :matches "subject" "*" { deleteheader "subject"; addheader "Subject" "[tag] ${1}"; }',
    'addheader "X-Tag" "black"; deleteheader :index 1 "x-tag";',
    'if header "x-tag" "red" { deleteheader "x-tag"; } if not exists "x-tag" { addheader "X-Gone" "yes"; }',
]


def fields(octets):
    """Return name and decoded value of each field in order, and the body."""
    message = PlainMessage(octets.replace(b"\r\n", b"\n"))
    header = Header.of(message)
    values = [(name, decode_words(value_of((name, raw)).decode())) for name, raw in header.fields]
    return values, bytes(message.octets[message.root.body_start :])


def stored(folder, source):
    """Return what sieve-test stores."""
    shutil.rmtree(folder / "box", ignore_errors=True)
    (folder / "box").mkdir()
    (folder / "box").chmod(0o777)
    (folder / "script.sieve").write_text(REQUIRE + source)
    done = subprocess.run(
        ["runuser", "-u", "nobody", "--", "env", f"HOME={folder / 'home'}", "sieve-test", "-C", "-c", "dc.conf",
         "-e", "-l", f"maildir:{folder / 'box'}", "-f", SENDER, "-a", RECIPIENT, "-r", RECIPIENT,
         "script.sieve", "mail.eml"],
        cwd=folder, capture_output=True, check=False,
    )  # fmt: skip
    (file,) = [*(folder / "box").glob("new/*"), *(folder / "box").glob("cur/*")]
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    return file.read_bytes()


@pytest.fixture(scope="module")
def folder():
    """Make a folder which the unprivileged user may read and write."""
    with peers.short_folder("edits-") as made:
        for name in (".", "home"):
            (made / name).mkdir(exist_ok=True)
            (made / name).chmod(0o777)
        (made / "dc.conf").write_text(CONFIG.format(home=made / "home"))
        (made / "mail.eml").write_text(MAIL)
        yield made


@pytest.mark.peer("pigeonhole", "sieve-test")
@pytest.mark.parametrize("source", SCRIPTS)
def test_same_header_as_the_oracle(folder, source):
    """Every edit leaves the same fields in the same order, with the same values, and the same body."""
    settings = {"sieve_editheader_protected": "x-protected"}
    program = compile_script(REQUIRE + source, registry=Registry.standard(), settings=Settings(settings))
    message = PlainMessage(MAIL.encode())
    result = program.run(
        message, Envelope(SENDER, RECIPIENT), DefaultHost(), now=datetime(2026, 11, 24, tzinfo=UTC)
    )
    assert result.error is None
    ours = bytes((result.message or message).octets)
    assert fields(ours) == fields(stored(folder, source))

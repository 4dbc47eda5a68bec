"""`mailgate dkim`: keys made, shown and compared with a real name server; nothing secret is ever printed."""

import os
import stat

import clidesk
import dkimkit
import pytest
from nameserver import nameserver

from mailgate.domain.dkimkey import read_key

NAME = "rsa._domainkey.example.org"
DMARC = {"_dmarc.example.org": b"v=DMARC1; p=reject"}
SHORT = """-----BEGIN RSA PRIVATE KEY-----
MIIBOwIBAAJBANkKVe2tHOtZ4wWvsMiJPdYiI4wEI9MIrEa9Zc+nHvWktn6wKkM/
X41SetPax3tbcmNCqgllDP+alisu3hs+tasCAwEAAQJALbLOau/jQe64LU9T0rWK
7pZbk7SfcmTGGVLxp+pRS3kSmO329IM/giSN8C/Jh1AbEKijGCqnpzPkDQNF8Ljz
MQIhAPUkw++VtTa/mQdFqHDpCPR2YsUTfHjYKsMkQn1JiHxzAiEA4qb1hqPHDADo
jbf7Ies/xA51mHlaxSJX7K+0PZIBi+kCIQCZqUoIS9cjUkYiAM/stqYeVnbjAavs
M9PaLkhfMFCVcQIhAKmHsIaw4iV8WHYIc3N/fwaquhL+UoK5mYKUOgEDwNxhAiAH
Lfcuw1+wpbyrCWp06iHlB4X7RpdfAhGVMzVAF30VmQ==
-----END RSA PRIVATE KEY-----
"""


@pytest.fixture
def desk(tmp_path):
    """Return an installation of which only the settings are there."""
    return clidesk.Desk(tmp_path)


def settle(desk, *kinds, server=None, pem=None, nameservers=(), **changes):
    """Write the settings: a key of each kind, and the name server that is asked."""
    tables = []
    for kind in kinds:
        file = desk.folder / f"{kind}.pem"
        file.write_text(pem or dkimkit.key(kind).pem())
        file.chmod(0o600)
        table = {"domain": "example.org", "selector": kind, "key": f"${{file:{file}}}", **changes}
        tables.append(table)
    asked = [server.setting] if server is not None else list(nameservers)
    keys = {"dkim": tables} if tables else {}
    desk.write({**keys, "checks": {"nameservers": asked}})


def test_a_key_is_made_with_all_that_is_to_be_done(desk):
    """A file for its owner alone, the record in strings of 255 octets, the lines for mailgate.toml."""
    settle(desk)
    said = desk.good("dkim", "genkey", "Example.org", "--selector", "s1")
    file = desk.folder / "dkim" / "example.org.s1.pem"
    key = read_key(file.read_text())
    assert (key.kind, key.bits, stat.S_IMODE(file.stat().st_mode)) == ("rsa", 2048, 0o600)
    record = next(line for line in said.splitlines() if " IN TXT " in line)
    name, _, strings = record.partition(". IN TXT ( ")
    pieces = strings.removesuffix(" )").strip('"').split('" "')
    assert name == "s1._domainkey.example.org"
    assert "".join(pieces) == key.record
    assert max(map(len, pieces)) <= 255
    assert "PRIVATE" not in said
    lines = said[said.index("[[dkim]]") :].split("\n\n")[0]
    desk.config.write_text(f"{desk.config.read_text()}\n{lines}\n")
    assert desk.json("dkim", "list")[0] == {
        "domain": "example.org", "selector": "s1", "type": "rsa", "bits": 2048, "active": True,
        "key": f"${{file:{file}}}", "error": "",
    }  # fmt: skip
    assert desk.good("dkim", "record").strip() == record


def test_a_key_of_the_other_kind(desk):
    """Its own name by default, so that both of one month stand side by side."""
    settle(desk)
    desk.good("dkim", "genkey", "example.org", "--type", "ed25519")
    desk.good("dkim", "genkey", "example.org", "--bits", "3072", "--folder", str(desk.folder / "keys"))
    [file] = (desk.folder / "dkim").iterdir()
    assert read_key(file.read_text()).kind == "ed25519"
    [file] = (desk.folder / "keys").iterdir()
    assert read_key(file.read_text()).bits == 3072


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_key_that_root_makes_is_the_services(desk):
    """The service runs as the owner of the state folder and must read it; nobody else may."""
    settle(desk)
    os.chown(desk.folder / "state", 4711, 4712)
    said = desk.good("dkim", "genkey", "example.org", "--selector", "s1", "--type", "ed25519")
    for path in (desk.folder / "dkim", desk.folder / "dkim" / "example.org.s1.pem"):
        assert (path.stat().st_uid, path.stat().st_gid) == (4711, 4712)
    assert "which only user 4711 can read" in said


def test_a_key_is_never_overwritten(desk):
    """Mail may be signed with it, and its record be in DNS."""
    settle(desk)
    desk.good("dkim", "genkey", "example.org", "--selector", "s1", "--type", "ed25519")
    file = desk.folder / "dkim" / "example.org.s1.pem"
    before = file.read_text()
    said = desk.bad("dkim", "genkey", "example.org", "--selector", "s1")
    assert f"{file} is there already" in said
    assert file.read_text() == before


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["example"], "'example' is no mail domain"),
        (["../etc/passwd"], "is no mail domain"),
        (["bücher.example"], "is written in its xn-- form"),
        (["example.org", "--selector", "a b"], "'a b' is no selector"),
        (["example.org", "--selector", "../x"], "is no selector"),
        (["example.org", "--bits", "1024"], "2048 to 4096 bits, not 1024"),
        (["example.org", "--bits", "16384"], "2048 to 4096 bits, not 16384"),
    ],
)
def test_what_makes_no_key(desk, arguments, text):
    """Wrong usage says what is right; no file is left."""
    settle(desk)
    assert text in desk.bad("dkim", "genkey", *arguments, code=2)
    assert not (desk.folder / "dkim").exists()


def test_a_folder_that_cannot_be_written(desk):
    """It says which file and why."""
    settle(desk)
    assert "can't write /proc/none/" in desk.bad("dkim", "genkey", "example.org", "--folder", "/proc/none")


def test_no_keys_at_all(desk):
    """It says how to get one."""
    settle(desk)
    assert desk.json("dkim", "list") == []
    assert "`mailgate dkim genkey DOMAIN`" in desk.bad("dkim", "check")
    assert "`mailgate dkim genkey DOMAIN`" in desk.bad("dkim", "record")


def test_a_key_that_is_not_there(desk):
    """The names that there are."""
    settle(desk, "rsa")
    said = desk.bad("dkim", "check", "example.net")
    assert f"no key for example.net; there are {NAME}" in said
    said = desk.bad("dkim", "record", "example.org", "--selector", "s9")
    assert "no key for s9._domainkey.example.org" in said


def test_a_key_that_cannot_be_read(desk):
    """The listing shows it with the reason; whoever needs the key itself fails."""
    settle(desk, "rsa", "ed25519")
    (desk.folder / "rsa.pem").unlink()
    rows = desk.json("dkim", "list")
    assert [(row["type"], bool(row["error"])) for row in rows] == [("", True), ("ed25519", False)]
    assert f"can't read {desk.folder}/rsa.pem" in desk.bad("dkim", "check")


def test_a_short_key_is_a_mistake_in_the_settings(desk):
    """`config check` names file and line, and so does the start of the service."""
    settle(desk, "rsa", pem=SHORT)
    said = desk.bad("config", "check", code=78)
    line = desk.config.read_text().splitlines().index(f'key = "${{file:{desk.folder}/rsa.pem}}"') + 1
    assert f"mailgate.toml:{line}: dkim[1].key: the RSA key has 512 bits" in said
    assert "the RSA key has 512 bits" in desk.json("dkim", "list")[0]["error"]


def test_a_key_of_1024_bits_is_a_warning(desk):
    """Receivers must take it, and some count it for nothing (RFC 8301): the settings are right all the same."""
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    from mailgate.domain.dkimkey import PrivateKey

    settle(desk, "rsa", pem=PrivateKey("rsa", 1024, generate_private_key(65537, 1024)).pem())
    done = desk.run("config", "check")
    assert "dkim[1].key: warning: 1024 bits are few" in done.stderr
    assert done.exit_code == 0


def test_two_tables_of_one_name_are_a_mistake(desk):
    """They would name one record."""
    settle(desk, "rsa", "ed25519", selector="S1")
    said = desk.bad("config", "check", code=78)
    assert "dkim[2].selector: S1._domainkey.example.org stands in another table already" in said


# -- check


def looks(desk, *arguments):
    """Return (level, name, text) of each line, whatever the exit code."""
    import json

    done = desk.run("dkim", "check", *arguments, "--json")
    return [(one["level"], one["name"], one["text"]) for one in json.loads(done.stdout)]


def test_keys_that_dns_has(desk):
    """All is well, for both kinds, and the command succeeds."""
    with nameserver({**dkimkit.records("rsa", "ed25519"), **DMARC}) as server:
        settle(desk, "rsa", "ed25519", server=server)
        said = desk.good("dkim", "check")
    assert [line.split()[0] for line in said.splitlines()] == ["ok", "ok", "ok"]
    assert "the rsa key of 2048 bits signs" in said
    assert "p=reject" in said


RSA = dkimkit.records("rsa")[NAME]
OTHER = b"v=DKIM1; k=rsa; p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAMwNwN"


@pytest.mark.parametrize(
    ("record", "level", "text"),
    [
        (RSA.replace(b"v=DKIM1; k=rsa; ", b""), "ok", "signs"),
        (RSA.replace(b"; ", b" ;\t"), "ok", "signs"),
        (b"v=DKIM1; k=rsa; p=", "fail", "p= is empty: the key is revoked"),
        (OTHER, "fail", "p= is another key"),
        (RSA.replace(b"k=rsa", b"k=ed25519"), "fail", "it is of the kind ed25519, the key is rsa"),
        (RSA.replace(b"v=DKIM1", b"v=DKIM2"), "fail", "it must begin with v=DKIM1"),
        (RSA + b"; h=sha1", "fail", "h= does not allow sha256"),
        (RSA + b"; s=tlsrpt", "fail", "s= does not allow mail"),
        (b"hello", "fail", "it is no list of tags"),
        (RSA + b"; p=x", "fail", "it is no list of tags"),
        ((RSA, OTHER), "fail", "DNS has 2 TXT records there"),
        ((), "fail", "DNS has no TXT record there"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_record(desk, record, level, text):
    """Each fault by its name, with what to do; exit 1."""
    with nameserver({NAME: record, **DMARC}) as server:
        settle(desk, "rsa", server=server)
        assert desk.run("dkim", "check").exit_code == (level == "fail")
        found = looks(desk)[0]
    assert found[:2] == (level, NAME)
    assert text in found[2]


def test_a_record_in_testing(desk):
    """It works and deserves a look."""
    with nameserver({NAME: RSA + b"; t=y:s", **DMARC}) as server:
        settle(desk, "rsa", server=server)
        assert [one[0] for one in looks(desk, "example.org")] == ["ok", "warn", "ok"]


def test_a_key_that_does_not_sign_need_not_be_there(desk):
    """Before a rotation, and after it."""
    with nameserver(DMARC) as server:
        settle(desk, "rsa", server=server, active=False)
        assert "warn" in desk.good("dkim", "check")
        server.records[NAME] = RSA
        assert "is published and does not sign" in desk.good("dkim", "check")


def test_no_dmarc_record_or_two(desk):
    """None is a warning with a record to begin with; two count as none."""
    with nameserver({NAME: RSA}) as server:
        settle(desk, "rsa", server=server)
        assert "v=DMARC1; p=none" in desk.good("dkim", "check")
        server.records["_dmarc.example.org"] = [b"v=DMARC1; p=none", b"v=DMARC1; p=reject"]
        assert "several DMARC records" in looks(desk)[1][2]


def test_dns_that_does_not_answer(desk, monkeypatch):
    """Nothing is known: try again later, says the exit code."""
    monkeypatch.setattr("mailgate.cli.dkim.ASK_S", 0.2)
    settle(desk, "rsa", nameservers=["127.0.0.1:1"])
    assert "try again later" in desk.bad("dkim", "check", code=75)

"""Keys of DKIM: a private one, its public half as a DNS record, whether a record fits (RFC 6376 3.6).

The settings, the signer and `mailgate dkim` read keys here, so what one of them takes the others take too. A
key's octets never become part of a message.
"""

import base64
import binascii
from dataclasses import dataclass, field
from typing import Final, Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
)

# RFC 8301 3.2: signers must not use less, and verifiers take no shorter key for one.
SHORTEST_BITS: Final = 1024
# RFC 8301 3.2: what signers should use at least.
GOOD_BITS: Final = 2048
# RFC 6376 3.3.3: verifiers must take keys up to this length; beyond it some don't.
LONGEST_BITS: Final = 4096
# RFC 1035 3.3: a character-string of DNS has 255 octets at most.
STRING_OCTETS: Final = 255
# RFC 8032 5.1.5: a private key of ed25519 is 32 octets.
SEED_OCTETS: Final = 32

KeyType = Literal["rsa", "ed25519"]


class DkimKeyError(ValueError):
    """A key or record that can't be used; the text says why and holds nothing of a private key."""


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A private key that signs; `bits` is 256 for ed25519. Its representation holds nothing secret."""

    kind: KeyType
    bits: int
    key: RSAPrivateKey | Ed25519PrivateKey = field(repr=False, compare=False)

    @property
    def public(self) -> bytes:
        """What stands in `p=`, before base64.

        RFC 6376 3.6.1: a SubjectPublicKeyInfo for RSA; RFC 8463 4.2: the bare 32 octets for ed25519.
        """
        if isinstance(self.key, RSAPrivateKey):
            return self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def record(self) -> str:
        """The TXT record to publish, in one piece."""
        return f"v=DKIM1; k={self.kind}; p={base64.b64encode(self.public).decode('ascii')}"

    def pem(self) -> str:
        """Return the key as it is kept in a file (PKCS#8, RFC 5958)."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def read_key(text: str) -> PrivateKey:
    """Return a private key from PEM (PKCS#8, PKCS#1) or, for ed25519, its 32 octets in base64.

    Raises DkimKeyError for anything else, and for RSA keys that nobody accepts.
    """
    if "-----BEGIN" not in text:
        return _seed(text)
    try:
        key = load_pem_private_key(text.encode("utf-8"), password=None)
    except TypeError:
        raise DkimKeyError(
            "the private key is encrypted; a service can't be asked for its password"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise DkimKeyError("there is no private key in PEM form") from None
    if isinstance(key, Ed25519PrivateKey):
        return PrivateKey("ed25519", 256, key)
    if not isinstance(key, RSAPrivateKey):
        raise DkimKeyError("the key is neither RSA nor ed25519, and DKIM knows no other")
    if key.key_size < SHORTEST_BITS:
        raise DkimKeyError(f"the RSA key has {key.key_size} bits, receivers want {SHORTEST_BITS} or more")
    return PrivateKey("rsa", key.key_size, key)


def _seed(text: str) -> PrivateKey:
    try:
        seed = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        seed = b""
    if len(seed) != SEED_OCTETS:
        raise DkimKeyError("there is no private key: neither PEM nor 32 octets in base64 for ed25519")
    return PrivateKey("ed25519", 256, Ed25519PrivateKey.from_private_bytes(seed))


def new_key(kind: KeyType, bits: int = GOOD_BITS) -> PrivateKey:
    """Make a key; `bits` counts for RSA only. Raises DkimKeyError for lengths that receivers don't take."""
    if kind == "ed25519":
        return PrivateKey("ed25519", 256, Ed25519PrivateKey.generate())
    if not GOOD_BITS <= bits <= LONGEST_BITS:
        raise DkimKeyError(f"an RSA key has {GOOD_BITS} to {LONGEST_BITS} bits, not {bits}")
    return PrivateKey("rsa", bits, generate_private_key(65537, bits))


def record_name(domain: str, selector: str) -> str:
    """Return where a key stands in DNS (RFC 6376 3.6.2.1)."""
    return f"{selector}._domainkey.{domain}"


def zone_line(domain: str, selector: str, record: str) -> str:
    """Return the record as a line of a zone file, in strings that DNS can hold."""
    strings = [record[at : at + STRING_OCTETS] for at in range(0, len(record), STRING_OCTETS)]
    quoted = " ".join(f'"{one}"' for one in strings)
    return f"{record_name(domain, selector)}. IN TXT ( {quoted} )"


def tags(record: bytes) -> dict[str, str]:
    """Return the tags of a key record (RFC 6376 3.2); raises DkimKeyError where it has none or one twice."""
    found: dict[str, str] = {}
    for part in record.decode("utf-8", "replace").rstrip().removesuffix(";").split(";"):
        name, sign, value = part.partition("=")
        if not sign or name.strip() in found:
            raise DkimKeyError("it is no list of tags such as v=DKIM1; k=rsa; p=…")
        found[name.strip()] = value.strip()
    return found


def record_problems(record: bytes, key: PrivateKey) -> list[str]:
    """Return what keeps a published record from vouching for a key's signatures (RFC 6376 3.6.1)."""
    try:
        said = tags(record)
    except DkimKeyError as error:
        return [str(error)]
    problems = []
    if said.get("v", "DKIM1") != "DKIM1" or ("v" in said and next(iter(said)) != "v"):
        problems.append("it must begin with v=DKIM1")
    if said.get("k", "rsa") != key.kind:
        problems.append(f"it is of the kind {said.get('k', 'rsa')}, the key is {key.kind}")
    if "sha256" not in said.get("h", "sha256").replace(" ", "").split(":"):
        problems.append("h= does not allow sha256")
    if not {"*", "email"} & set(said.get("s", "*").replace(" ", "").split(":")):
        problems.append("s= does not allow mail")
    public = "".join(said.get("p", "").split())
    if not public:
        problems.append("p= is empty: the key is revoked")
    elif not _same(public, key):
        problems.append("p= is another key than the private one here")
    return problems


def hints(record: bytes) -> list[str]:
    """Return what works and deserves a look all the same."""
    try:
        said = tags(record)
    except DkimKeyError:
        return []
    if "y" in said.get("t", "").replace(" ", "").split(":"):
        return ["t=y says that the domain is only testing: some receivers then treat mail as unsigned"]
    return []


def _same(public: str, key: PrivateKey) -> bool:
    try:
        octets = base64.b64decode(public, validate=True)
    except (binascii.Error, ValueError):
        return False
    if octets == key.public:
        return True
    if not isinstance(key.key, RSAPrivateKey):
        return False
    # RFC 6376 3.6.1 is read in two ways: some publish the bare RSAPublicKey.
    if octets == key.key.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1):
        return True
    try:
        return load_der_public_key(octets) == key.key.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return False

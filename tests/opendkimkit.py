"""OpenDKIM's library as a second opinion on signatures; public keys come from a file instead of the DNS.

`opendkim-testmsg` verifies with the DNS of the machine only, so the library beneath it is called (libopendkim11, which
Debian installs with opendkim-tools).
"""

import ctypes
import ctypes.util
import re
from collections.abc import Mapping
from pathlib import Path

# opendkim's dkim.h: options and values that are used here.
SET = 1
FLAGS, QUERY_METHOD, QUERY_INFO = 0, 6, 7
FROM_FILE = 1
RSA_SHA1, RSA_SHA256, ED25519_SHA256 = 0, 1, 2
OK = 0


def library() -> ctypes.CDLL:
    """Return the library; a test that needs it carries the mark `peer("opendkim")`."""
    lib = ctypes.CDLL(ctypes.util.find_library("opendkim"))
    lib.dkim_init.restype = lib.dkim_verify.restype = lib.dkim_sign.restype = ctypes.c_void_p
    lib.dkim_getresultstr.restype = ctypes.c_char_p
    return lib


class OpenDkim:
    """Verifies mails with the keys of these records: name in DNS -> TXT record."""

    def __init__(self, records: Mapping[str, bytes], folder: Path) -> None:
        self.lib = library()
        file = folder / "opendkim-keys"
        file.write_bytes(b"".join(b"%s %s\n" % (name.encode(), record) for name, record in records.items()))
        self.handle = ctypes.c_void_p(self.lib.dkim_init(None, None))
        method, path = ctypes.c_int(FROM_FILE), ctypes.create_string_buffer(str(file).encode())
        self._set(QUERY_METHOD, ctypes.byref(method), ctypes.sizeof(method))
        self._set(QUERY_INFO, path, len(path))

    def _set(self, option: int, value: object, size: int) -> None:
        assert self.lib.dkim_options(self.handle, SET, option, value, ctypes.c_size_t(size)) == OK

    def verify(self, raw: bytes) -> str:
        """Return what the library says of the mail's first signature: "Success" where it is good."""
        status = ctypes.c_int(0)
        mail = ctypes.c_void_p(self.lib.dkim_verify(self.handle, b"test", None, ctypes.byref(status)))
        assert status.value == OK
        try:
            return self._look(mail, raw)
        finally:
            self.lib.dkim_free(mail)

    def sign(self, raw: bytes, pem: str, domain: str, selector: str, *, algorithm: int = RSA_SHA256) -> bytes:
        """Return a mail with a signature of the library in front, in the relaxed form."""
        status = ctypes.c_int(0)
        names = (ctypes.c_char_p(one.encode()) for one in (pem, selector, domain))
        relaxed, whole = ctypes.c_int(1), ctypes.c_ssize_t(-1)
        mail = ctypes.c_void_p(
            self.lib.dkim_sign(
                self.handle, b"test", None, *names, relaxed, relaxed, algorithm, whole, ctypes.byref(status)
            )
        )
        assert status.value == OK
        try:
            assert self._look(mail, raw) == "Success"
            buffer = ctypes.create_string_buffer(8192)
            self.lib.dkim_getsighdr(mail, buffer, ctypes.c_size_t(len(buffer)), ctypes.c_size_t(16))
            return b"DKIM-Signature: " + buffer.value + b"\r\n" + raw
        finally:
            self.lib.dkim_free(mail)

    def _look(self, mail: ctypes.c_void_p, raw: bytes) -> str:
        head, _, body = raw.partition(b"\r\n\r\n")
        for field in re.split(rb"\r\n(?![ \t])", head):
            self.lib.dkim_header(mail, field, ctypes.c_size_t(len(field)))
        said = self.lib.dkim_eoh(mail)
        if said == OK and body:
            said = self.lib.dkim_body(mail, body, ctypes.c_size_t(len(body)))
        if said == OK:
            said = self.lib.dkim_eom(mail, None)
        return self.lib.dkim_getresultstr(said).decode()

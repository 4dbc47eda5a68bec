"""Checks of single texts in the settings: each takes the text and returns the complaint, "" if it is fine."""

import re
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from mailgate.config.units import UnitError, parse_duration

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}", re.ASCII)
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?", re.ASCII)
_LONGEST_HOST = 253  # RFC 1035 2.3.4: 255 octets on the wire are 253 characters
_LONGEST_UNIX = 107  # sun_path of Linux holds 108 octets with its NUL
_LAST_PORT = 65535


def name(text: str) -> str:
    """Accept a short name of letters, digits, "-" and "_"."""
    return "" if _NAME.fullmatch(text) else "must be a name of letters, digits, '-' and '_' (at most 63)"


def target_name(text: str) -> str:
    """Accept a target's name; "store" is the database itself and needs no target."""
    return (
        name(text) if text != "store" else "the name 'store' stands for the database itself, choose another"
    )


def host(text: str) -> str:
    """Accept a host name or an IP address, without a port."""
    try:
        ip_address(text)
    except ValueError:
        labels = text.removesuffix(".").split(".")
        fine = len(text) <= _LONGEST_HOST and all(_LABEL.fullmatch(label) for label in labels)
        # A name that consists of digits and dots only is a mistyped IPv4 address (RFC 3696 2).
        return "" if fine and not labels[-1].isdigit() else f"{text!r} is no host name and no IP address"
    return ""


def hostname(text: str) -> str:
    """Accept a host name with a domain, or "" for the machine's own."""
    if not text:
        return ""
    return host(text) or ("" if "." in text else f"{text!r} has no domain, such as 'mail.example.org'")


def network(text: str) -> str:
    """Accept an IP network or address."""
    try:
        ip_network(text)
    except ValueError as error:
        return f"no IP network such as '192.0.2.0/24': {error}"
    return ""


def ip(text: str) -> str:
    """Accept an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return f"{text!r} is no IP address"
    return ""


def nameserver(text: str) -> str:
    """Accept an IP address, with a port where it is not 53: 192.0.2.1:5353, [2001:db8::1]:5353."""
    where, colon, port = text.rpartition(":")
    if colon and port.isdecimal() and (where.count(":") == 0 or where.startswith("[")):
        return ip(where.strip("[]")) or ("" if 0 < int(port) <= _LAST_PORT else f"{port} is no port")
    return ip(text)


def dkim_domain(text: str) -> str:
    """Accept a domain with a dot, in ASCII (RFC 6376 3.5: `d=` holds A-labels)."""
    if not text.isascii():
        return f"{text!r} is written in its xn-- form here"
    fine = "." in text and "_" not in text and not host(text) and ip(text)
    return "" if fine else f"{text!r} is no mail domain such as 'example.org'"


def selector(text: str) -> str:
    """Accept a selector: labels with dots between them (RFC 6376 3.1)."""
    fine = all(_LABEL.fullmatch(label) and "_" not in label for label in text.split("."))
    return "" if fine else f"{text!r} is no selector: letters, digits and '-', as in 's1' or 'nov2026'"


def delimiter(text: str) -> str:
    """Accept one character that may part an address from its detail (RFC 5233 1 leaves the choice)."""
    return "" if text in set("+-=_#") else "must be one of + - = _ #"


def special_use(text: str) -> str:
    """Accept a special use of RFC 6154, in lower case and without its backslash."""
    fine = re.fullmatch(r"[a-z0-9][a-z0-9_-]*", text)
    return "" if fine else f"{text!r} is no special use such as 'junk', in lower case without a backslash"


def extension_setting(text: str) -> str:
    """Accept the name of a setting of an extension, as Pigeonhole calls it."""
    fine = re.fullmatch(r"sieve_[a-z0-9_]+(?:/[^\s/]+)*", text)
    return "" if fine else f"{text!r} is no setting such as 'sieve_spamtest_status_header'"


def path(text: str) -> str:
    """Accept a path, absolute or relative."""
    return "must be a path" if not text or "\0" in text else ""


def absolute_path(text: str) -> str:
    """Accept a path from the root."""
    return path(text) or ("" if text.startswith("/") else f"{text!r} must be an absolute path")


def optional_path(text: str) -> str:
    """Accept a path, or "" for none."""
    return path(text) if text else ""


def duration(text: str) -> str:
    """Accept a duration, such as "5 min"."""
    try:
        parse_duration(text)
    except UnitError as error:
        return str(error)
    return ""


def mode(text: str) -> str:
    """Accept file permissions as in chmod: three octal digits with a leading zero."""
    return "" if re.fullmatch(r"0[0-7]{3}", text) else f"{text!r} is no octal mode such as '0660'"


def tcp_address(text: str) -> str:
    """Accept `tcp:HOST:PORT`, with an IPv6 address in brackets; port 0 takes any free one."""
    where, colon, port = text.removeprefix("tcp:").rpartition(":")
    if not text.startswith("tcp:") or not colon or not port.isdecimal() or int(port) > _LAST_PORT:
        return f"{text!r} is not tcp:HOST:PORT"
    bracketed = where.startswith("[") and where.endswith("]")
    if ":" in where and not bracketed:
        return f"an IPv6 address stands in brackets: tcp:[{where}]:{port}"
    return host(where[1:-1] if bracketed else where)


def unix_address(text: str) -> str:
    """Accept `unix:/path/of/the/socket`."""
    where = text.removeprefix("unix:")
    if not text.startswith("unix:") or absolute_path(where):
        return f"{text!r} is not unix:/path/of/socket"
    return (
        "" if len(where.encode()) <= _LONGEST_UNIX else f"a socket's path has at most {_LONGEST_UNIX} octets"
    )


def peer_address(text: str) -> str:
    """Accept where a client connects to: TCP or a unix socket."""
    if text.startswith("tcp:"):
        return tcp_address(text)
    if text.startswith("unix:"):
        return unix_address(text)
    return f"{text!r} is neither tcp:HOST:PORT nor unix:/path/of/socket"


def listen_address(text: str) -> str:
    """Accept where a listener binds: TCP, a unix socket, or a descriptor that systemd hands over by name."""
    if text.startswith("systemd:"):
        return name(text.removeprefix("systemd:"))
    if text.startswith(("tcp:", "unix:")):
        return peer_address(text)
    return f"{text!r} is none of unix:/path/of/socket, tcp:HOST:PORT, systemd:NAME"


def optional_tcp_address(text: str) -> str:
    """Accept `tcp:HOST:PORT`, or "" for none."""
    return tcp_address(text) if text else ""


def database_url(text: str) -> str:
    """Accept `sqlite:PATH` or `postgresql://…` without a password."""
    if text.startswith("sqlite:"):
        return path(text.removeprefix("sqlite:"))
    if not text.startswith("postgresql://"):
        # What was written may hold a password, so it is not repeated.
        return "must start with sqlite: or postgresql://"
    authority = text.removeprefix("postgresql://").partition("/")[0]
    user, at, _ = authority.rpartition("@")
    return "a password does not stand in the URL, use database.password" if at and ":" in user else ""


def local_user(text: str) -> str:
    """Accept a user's name or number on this machine."""
    return (
        ""
        if re.fullmatch(r"[a-z_][a-z0-9_-]{0,31}\$?|[0-9]{1,10}", text)
        else f"{text!r} is no user name or number"
    )


def authserv_id(text: str) -> str:
    """Accept an authentication service identifier (RFC 8601 2.2): a token, in practice a host name."""
    return "" if re.fullmatch(r"[!-9<-~]+", text) else f"{text!r} is no authserv-id such as 'mx.example.org'"


def web_address(text: str) -> str:
    """Accept an https:// or http:// URL with a host and without a password."""
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError as error:
        return f"{text!r} is no web address: {error}"
    if url.scheme not in {"https", "http"} or not url.hostname or port == 0 or not text.isprintable():
        return f"{text!r} is no web address such as 'https://hooks.example.org/mail'"
    return "a password does not stand in the URL, use secret" if "@" in url.netloc else host(url.hostname)


def group(text: str) -> str:
    """Accept a group's name or number, or "" to leave it."""
    return local_user(text) if text else ""

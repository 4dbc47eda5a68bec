"""Who is at the other end of a connection, and whether they are trusted."""

import socket
import struct
from ipaddress import ip_address
from typing import Any, Final

from mailgate.intake.door import Service

# struct ucred of Linux: pid, uid, gid.
_CREDENTIALS: Final = struct.Struct("3i")


def describe(transport: Any) -> tuple[str, int]:
    """Return the peer as text, and its user id (-1 where the socket does not tell)."""
    connection = transport.get_extra_info("socket")
    if connection is not None and connection.family == socket.AF_UNIX:
        octets = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        _pid, uid, _gid = _CREDENTIALS.unpack(octets)
        return f"unix:uid={uid}", uid
    name = transport.get_extra_info("peername")
    return (str(name[0]) if isinstance(name, tuple) and name else "unknown"), -1


def trusted(service: Service, peer: str, uid: int) -> bool:
    """Whether this peer may say XFORWARD, and send by SMTP."""
    if uid >= 0:
        return uid in service.trusted_uids
    try:
        address = ip_address(peer.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return any(mapped in network for network in service.trusted_networks)

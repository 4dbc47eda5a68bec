"""[http]: /metrics, /healthz and /readyz."""

from typing import Annotated

from mailgate.config import syntax
from mailgate.config.section import Section, note


class Http(Section, frozen=True, kw_only=True):
    """The address of /metrics, /healthz and /readyz."""

    address: Annotated[
        str,
        note(
            "Where HTTP is answered; empty answers nowhere. It has no login: keep it on an inner network.",
            check=syntax.optional_tcp_address,
            examples=["tcp:127.0.0.1:9725"],
        ),
    ] = "tcp:127.0.0.1:9725"

"""[checks]: what is looked up about a mail before the rules run."""

from typing import Annotated, Literal

from mailgate.config import syntax
from mailgate.config.section import Duration, Section, note


class Checks(Section, frozen=True, kw_only=True):
    """What is looked up about a mail before the rules run."""

    trusted_authserv_ids: Annotated[
        tuple[str, ...],
        note(
            "The names of our own mail servers whose Authentication-Results are believed.",
            check=syntax.authserv_id,
            examples=[["mx.example.org"]],
        ),
    ] = ()
    dkim: Annotated[
        bool,
        note("Whether DKIM signatures are checked here; not needed where a trusted server in front does it."),
    ] = False
    dmarc: Annotated[
        Literal["off", "on", "strict"],
        note(
            "Whether DMARC is looked up where no trusted server has done it. Where nothing is known of SPF, "
            "a mail without a fitting signature counts as neutral (on) or as failed (strict).",
        ),
    ] = "off"
    arc: Annotated[
        bool,
        note("Whether the chain of servers that passed a mail on is checked (ARC, RFC 8617)."),
    ] = False
    trusted_arc_sealers: Annotated[
        tuple[str, ...],
        note(
            "Domains whose seals are believed: where all sealers of a mail are listed, a DMARC pass that the "
            "first of them saw counts.",
            check=syntax.dkim_domain,
            examples=[["lists.example.org"]],
        ),
    ] = ()
    null_mx: Annotated[
        bool,
        note(
            "Whether DNS is asked if the sender's domain takes no mail at all (RFC 7505): it gets no answer."
        ),
    ] = False
    deadline: Annotated[
        Duration,
        note(
            "How long all checks of one mail may take together; what is late counts as unknown.",
            ge=0.01,
            le=60,
        ),
    ] = 2.0
    nameservers: Annotated[
        tuple[str, ...],
        note(
            "The name servers that are asked (192.0.2.1, 192.0.2.1:5353); none takes those of the machine.",
            check=syntax.nameserver,
        ),
    ] = ()

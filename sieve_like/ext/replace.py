"""Command replace: another text in the place of the current part, or of the whole body of the mail.

RFC 5703 section 5. Done: all of it. Without :mime the replacement is text/plain in UTF-8, with it an entity
with fields of its own. In the place of the whole mail its fields stay, but those about the old body; :subject
and :from then set these fields, and the old ones are kept as Original-Subject and Original-From. A :from that
is no list of mailboxes is an error, and so are :subject and :from with :mime. The loop of `foreverypart` goes
on behind the replaced part.
"""

from sieve_like.address import parse_list
from sieve_like.edit import Header
from sieve_like.errors import ScriptFailure
from sieve_like.ext._entities import put, spliced, split_entity, with_body
from sieve_like.ext._parts import current_part, places
from sieve_like.interpreter import Run, Signal, Step
from sieve_like.outgoing.fields import clean, crlf, encoded, field, mailbox, text_entity
from sieve_like.spec import Binding, Bound, CommandSpec, Compiling, Extension, Kind, Positional, Tag


def complain_about_mailboxes(value: str | int) -> str:
    """Return what is wrong with a list of mailboxes, "" if nothing is."""
    found = parse_list(clean(str(value)))
    good = bool(found) and all(one.valid and one.domain for one in found)
    return "" if good else f"'{value}' is no list of mailboxes"


def _check(bound: Bound, binding: Binding) -> None:
    """RFC 5703 5: an entity of its own says itself what it is."""
    for name in ("subject", "from"):
        if "mime" in bound.args and name in bound.args:
            binding.error(bound.spans[name], f"':{name}' can't be given together with ':mime'")


def _replace(bound: Bound, ctx: Compiling) -> Step:
    del ctx
    read, mime = bound.args["replacement"].read, "mime" in bound.args

    def step(run: Run) -> Signal | None:
        text = str(read(run))
        entity = crlf(text.encode("utf-8", "replace")) if mime else text_entity(text)
        around = places(run)
        if around and around[-1].path:
            octets = spliced(run.message, current_part(run), b"\r\n".join(split_entity(entity)))
        else:
            header = with_body(run.message, entity)
            _head(header, bound, run)
            octets = header.octets() + header.body
        if around:
            around[-1].descend = False
        put(run, octets, bound.span)
        run.note(bound.span, "edit", name="replace", value=run.short(text))
        return None

    return step


def _head(header: Header, bound: Bound, run: Run) -> None:
    """Set Subject and From of the whole mail; what they were stays visible."""
    if "subject" in bound.args:
        subject = clean(str(bound.args["subject"].read(run)))
        header.set_aside("subject", "Original-Subject")
        header.add("Subject", field("Subject", encoded(subject)), last=True)
    if "from" in bound.args:
        text = str(bound.args["from"].read(run))
        complaint = complain_about_mailboxes(text)
        if complaint:
            raise ScriptFailure(complaint, bound.spans["from"])
        header.set_aside("from", "Original-From")
        listed = ", ".join(mailbox(one.name, one.address) for one in parse_list(clean(text)))
        header.add("From", field("From", listed), last=True)


EXTENSION = Extension(
    "replace",
    "5703",
    commands=(
        CommandSpec(
            "replace",
            _replace,
            tags=(
                Tag("mime"),
                Tag("subject", Kind.STRING),
                Tag("from", Kind.STRING, check=complain_about_mailboxes),
            ),
            positionals=(Positional("replacement"),),
            check=_check,
        ),
    ),
    card=__doc__,
)

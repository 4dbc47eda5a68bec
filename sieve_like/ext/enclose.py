"""Command enclose: the mail as an attachment of a new one, behind a text.

RFC 5703 section 6. Done: all of it. The new mail is multipart/mixed: the text, and the mail as it was, octet
by octet. :subject gives the subject, which is the old one else; :headers names fields that are copied. Date
and From, where they are not copied, are those of the run and of the user. What follows sees the new mail;
`redirect` sends the one before. Enclosing again encloses the enclosed mail.
"""

from email.utils import format_datetime
from hashlib import sha256

from sieve_like.declare import reader
from sieve_like.edit import Header
from sieve_like.errors import ScriptFailure
from sieve_like.ext._entities import in_lines_of, put
from sieve_like.ext._facts import complain_about_field
from sieve_like.ext._parts import places
from sieve_like.interpreter import Run, Signal, Step
from sieve_like.outgoing.fields import clean, encoded, field, mailbox, text_entity
from sieve_like.outgoing.settings import user_email
from sieve_like.spec import Bound, CommandSpec, Compiling, Extension, Kind, Positional, Tag
from sieve_like.values import Args

# What the new mail says of itself is never copied.
OWN = frozenset({"content-type", "content-transfer-encoding", "mime-version", "subject"})
# Steps that each one costs: parts deeper than some dozens are not looked at any more.
ENCLOSING = 10_000
ATTACHED = b"Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n"


def _enclose(bound: Bound, ctx: Compiling) -> Step:
    del ctx
    arguments = reader(bound)

    def step(run: Run) -> Signal | None:
        args, before = arguments(run), run.message
        for name in args.texts("headers"):
            if complain_about_field(name):
                raise ScriptFailure(complain_about_field(name), bound.spans["headers"])
        run.charge(ENCLOSING, bound.span)
        unenclosed = run.unenclosed or before
        put(run, _enclosed(run, args), bound.span)
        run.unenclosed = unenclosed
        for place in places(run):
            # The parts that loops go through are now within the second part of the new mail.
            place.base, place.path = (1, 0, *place.base), (1, 0, *place.path)
        run.note(bound.span, "edit", name="enclose", value=run.short(args.text("text")))
        return None

    return step


def _enclosed(run: Run, args: Args) -> bytes:
    """Return the octets of the new mail."""
    mail = bytes(run.message.octets)
    # The same in every run, and in no mail.
    boundary = "=_" + sha256(mail).hexdigest()[:40]
    kind = field("Content-Type", f'multipart/mixed; boundary="{boundary}"')
    line = b"\r\n--" + boundary.encode("ascii")
    head = b"".join((*_copied(run, args), *_own(run, args), b"MIME-Version: 1.0\r\n", kind))
    front = head + line + b"\r\n" + text_entity(args.text("text")) + line + b"\r\n" + ATTACHED
    return in_lines_of(run.message, front) + mail + in_lines_of(run.message, line + b"--\r\n")


def _copied(run: Run, args: Args) -> list[bytes]:
    """Return the fields of the old mail that :headers names, as they are."""
    wanted = {name.lower() for name in args.texts("headers")} - OWN
    return [octets for name, octets in Header.of(run.message).fields if name in wanted]


def _own(run: Run, args: Args) -> list[bytes]:
    """Return the fields that the new mail has in any case."""
    copied = {name.lower() for name in args.texts("headers")}
    subjects = [args.text("subject")] if args.said("subject") else list(run.message.text("subject"))[:1]
    fields = [field("Subject", encoded(clean(subject))) for subject in subjects]
    if "date" not in copied or not run.message.header("date"):
        fields.append(field("Date", format_datetime(run.now)))
    if "from" not in copied or not run.message.header("from"):
        user = user_email(run.settings) or run.envelope.recipient
        fields.append(field("From", mailbox("", user)))
    return fields


EXTENSION = Extension(
    "enclose",
    "5703",
    commands=(
        CommandSpec(
            "enclose",
            _enclose,
            tags=(
                Tag("subject", Kind.STRING),
                Tag("headers", Kind.STRINGS, check=complain_about_field),
            ),
            positionals=(Positional("text"),),
        ),
    ),
    card=__doc__,
)

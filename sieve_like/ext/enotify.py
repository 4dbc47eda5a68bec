"""Action notify, tests valid_notify_method and notify_method_capability, modifier :encodeurl.

RFC 5435. Done: all of it, with the method mailto (RFC 5436): recipients named twice are told once, in all
notifications of a run together; reserved fields of a URI are left out; a script sends a bounded number of
notifications. A constant URI of an unknown method, or one that is wrong, is an error. Whether anybody is
online is not known ("maybe"). Not done: other methods. The mail itself, and the rule that mails of machines
cause none, are the host's matter (`ext/_mailto.why_not`).
"""

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from sieve_like.actions import NORMAL_IMPORTANCE, Notify, NotifyMail
from sieve_like.declare import action_command, simple_test
from sieve_like.errors import ScriptFailure
from sieve_like.ext._mailto import MailtoError, complain_about_sender, parse_mailto
from sieve_like.interpreter import Run, Test
from sieve_like.matching import Source, match_test
from sieve_like.result import Action
from sieve_like.spec import (
    AddedTag,
    Binding,
    Bound,
    Compiling,
    Extension,
    Fact,
    Kind,
    Matching,
    Modify,
    Positional,
    Tag,
    TestSpec,
)
from sieve_like.values import Args

SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")  # RFC 3986 3.1
# RFC 5435 3.5; a value holds no line end and no control character.
OPTION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*=[^\x00-\x08\x0a-\x1f\x7f]*\Z")
IMPORTANCE: Final = frozenset({"1", "2", "3"})
METHODS: Final = frozenset({"mailto"})


def read_method(uri: str) -> tuple[str, NotifyMail, tuple[str, ...]]:
    """Return scheme, mail and warnings of a URI; raises MailtoError where it can't be used."""
    found = SCHEME.match(uri)
    if found is None:
        raise MailtoError(f"'{uri}' is no URI of a notification method")
    scheme = found[1].lower()
    if scheme not in METHODS:
        raise MailtoError(f"unknown notification method '{scheme}'")
    return scheme, *parse_mailto(uri)


# --- the action ---------------------------------------------------------------------------------------------


def _build(args: Args) -> Notify:
    uri = args.text("method")
    wrong = _complain_about_rest(args.text("from") if args.said("from") else None, args.texts("options"))
    try:
        scheme, mail, _ = read_method(uri)
    except MailtoError as error:
        raise ScriptFailure(str(error)) from None
    if wrong:
        raise ScriptFailure(wrong)
    return Notify(
        uri,
        scheme,
        mail,
        from_=args.text("from"),
        importance=int(args.text("importance") or NORMAL_IMPORTANCE),
        options=args.texts("options"),
        text=args.text("message") if args.said("message") else None,
    )


def _settle(action: Action, run: Run) -> Action:
    """RFC 5435 8: a script sends a bounded number of notifications."""
    limit = run.limits.notifications
    if sum(isinstance(one, Notify) for one in run.performed) >= limit:
        raise ScriptFailure(f"more than {limit} notifications", action.span)
    return action


def _check(bound: Bound, binding: Binding) -> None:
    """Report what is wrong with constants: the method first, else the first thing beside it."""
    uri, sender, options = (bound.constant(name) for name in ("method", "from", "options"))
    if isinstance(uri, str):
        try:
            _, _, warnings = read_method(uri)
        except MailtoError as error:
            binding.error(bound.spans["method"], str(error))
            return
        for warning in warnings:
            binding.warning(bound.spans["method"], warning)
    named = options if isinstance(options, tuple) else ()
    wrong = _complain_about_rest(sender if isinstance(sender, str) else None, named)
    if wrong:
        binding.error(bound.span, wrong)
    elif named:
        binding.warning(bound.spans["options"], "the method 'mailto' has no options; they are left out")


def _complain_about_rest(sender: str | None, options: Sequence[str]) -> str:
    """Return what is wrong with sender (RFC 5436 2.3) or options (RFC 5435 3.5), "" if nothing is."""
    if sender is not None and complain_about_sender(sender):
        return complain_about_sender(sender)
    wrong = next((option for option in options if not OPTION.match(option)), None)
    return "" if wrong is None else f"'{wrong}' is no option: it must be a name, '=' and a value"


def _complain_about_importance(value: str | int) -> str:
    return "" if value in IMPORTANCE else f'the importance is "1", "2" or "3", not \'{value}\''


# --- the tests ----------------------------------------------------------------------------------------------


def _valid(uri: str) -> bool:
    try:
        read_method(uri)
    except MailtoError:
        return False
    return True


def _capability(bound: Bound, ctx: Compiling) -> Test:
    """Return the test: "online" is "maybe", since nobody knows who reads mail; else there is no value."""
    uri, name = bound.args["method"], bound.args["capability"]

    def values(run: Run) -> Sequence[str]:
        known = str(name.read(run)).lower() == "online" and _valid(str(uri.read(run)))
        return ("maybe",) if known else ()

    fact = Fact("", values)
    return match_test(bound, ctx, Source(read=lambda _run: (fact,), stable=False))


def encodeurl(text: str) -> str:
    """Return a text percent-encoded but for the unreserved characters (RFC 5435 6, RFC 3986 2.3)."""
    return quote(text, safe="", errors="surrogateescape")


EXTENSION = Extension(
    "enotify",
    "5435, 5436",
    commands=(
        action_command(
            "notify",
            _build,
            tags=(
                Tag("from", Kind.STRING),
                Tag("importance", Kind.STRING, constant=True, check=_complain_about_importance),
                Tag("options", Kind.STRINGS),
                Tag("message", Kind.STRING),
            ),
            positionals=(Positional("method"),),
            check=_check,
            settle=_settle,
        ),
    ),
    tests=(
        simple_test(
            "valid_notify_method",
            lambda _run, args: all(map(_valid, args.texts("methods"))),
            positionals=(Positional("methods", Kind.STRINGS),),
        ),
        TestSpec(
            "notify_method_capability",
            _capability,
            positionals=(
                Positional("method"),
                Positional("capability"),
                Positional("keys", Kind.STRINGS),
            ),
            matching=Matching.MATCH,
        ),
    ),
    tags=(
        AddedTag(
            ("set", "extracttext"),
            Tag("encodeurl", group="precedence 15", hook=Modify(15, encodeurl, by_character=True)),
        ),
    ),
    card=__doc__,
)

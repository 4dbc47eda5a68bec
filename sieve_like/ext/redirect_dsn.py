"""Tags :notify and :ret of redirect: what becomes of the redirected mail is told to its sender.

RFC 6009 section 4, parameters RFC 3461 sections 4.1 and 4.3. Done: all of it; "NEVER" stands alone. A wrong
constant is an error, a wrong variable a run-time error.
"""

from dataclasses import replace

from sieve_like.interpreter import Run
from sieve_like.result import Action, Redirect
from sieve_like.spec import AddedTag, Amend, Extension, Kind, Tag
from sieve_like.values import Value

EVENTS = frozenset({"SUCCESS", "FAILURE", "DELAY"})  # RFC 3461 4.1
PARTS = frozenset({"FULL", "HDRS"})  # RFC 3461 4.3


def _complain_about_notify(value: str | int) -> str:
    words = str(value).upper().split(",")
    if words == ["NEVER"] or EVENTS.issuperset(words):
        return ""
    return f'\':notify\' is "NEVER" or a list of "SUCCESS", "FAILURE" and "DELAY", not \'{value}\''


def _complain_about_ret(value: str | int) -> str:
    return "" if str(value).upper() in PARTS else f"':ret' is \"FULL\" or \"HDRS\", not '{value}'"


def _notify(action: Action, value: Value, run: Run) -> Action:
    del run
    assert isinstance(action, Redirect)
    return replace(action, notify=",".join(dict.fromkeys(str(value).upper().split(","))))


def _ret(action: Action, value: Value, run: Run) -> Action:
    del run
    assert isinstance(action, Redirect)
    return replace(action, ret=str(value).upper())


EXTENSION = Extension(
    "redirect-dsn",
    "6009",
    tags=(
        AddedTag(
            ("redirect",), Tag("notify", Kind.STRING, check=_complain_about_notify, hook=Amend(_notify))
        ),
        AddedTag(("redirect",), Tag("ret", Kind.STRING, check=_complain_about_ret, hook=Amend(_ret))),
    ),
    card=__doc__,
)

"""Action redirect.

RFC 5228 section 4.2. Done: all of it; the number of redirects is bounded. With :list (RFC 6134) it sends to
all members of an external list. Loops are the host's matter.
"""

from dataclasses import replace

from sieve_like.address import complain_about_address, join_address, parse_one
from sieve_like.declare import action_command, amender
from sieve_like.errors import ScriptFailure
from sieve_like.ext._lists import members_of
from sieve_like.ext._single import text_of
from sieve_like.interpreter import Run, Signal, Step
from sieve_like.result import Redirect
from sieve_like.spec import Binding, Bound, CommandSpec, Compiling, Extension, Positional
from sieve_like.values import Args

POSITIONALS = (Positional("address"),)


def _to(text: str) -> Redirect:
    address = parse_one(text)
    if address is None:
        raise ScriptFailure(complain_about_address(text))
    # RFC 5321 2.4: domains have no case; local parts stay as they are written.
    return Redirect(join_address(address.local, address.domain.lower()))


def _redirect(args: Args) -> Redirect:
    return _to(args.text("address"))


def _command(bound: Bound, ctx: Compiling) -> Step:
    if "list" in bound.args:
        return _to_list(bound)
    return action_command("redirect", _redirect, positionals=POSITIONALS).compile(bound, ctx)


def _to_list(bound: Bound) -> Step:
    """Return the step that redirects to each member of a list (RFC 6134 2.5)."""
    name, amend, span = text_of(bound, "address"), amender(bound), bound.span

    def step(run: Run) -> Signal | None:
        try:
            for member in members_of(run, name(run)):
                run.add(amend(replace(_to(member), span=span), run))
        except ScriptFailure as failure:
            raise ScriptFailure(failure.text, span) from None
        return None

    return step


def _check(bound: Bound, binding: Binding) -> None:
    address = bound.constant("address")
    complaint = complain_about_address(address) if isinstance(address, str) else ""
    if complaint and "list" not in bound.args:
        binding.error(bound.spans["address"], complaint)


EXTENSION = Extension(
    "",
    "5228",
    commands=(CommandSpec("redirect", _command, positionals=POSITIONALS, check=_check),),
    card=__doc__,
)

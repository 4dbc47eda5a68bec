"""Commands include, return and global, namespace `global`: scripts in scripts.

RFC 6609. Done: all of it. Included scripts are read when the script is compiled, and their errors are
reported with their names; circles, more than 255 scripts and more than ten levels are errors. Variables and
match variables belong to one script, those declared with `global` and those of the namespace to all. Also
done: `import` and `export`, the forms of the drafts before.
"""

from typing import cast

from sieve_like.errors import ScriptFailure
from sieve_like.ext._expansion import PLAIN_NAME
from sieve_like.interpreter import RETURN, Run, Signal, Step
from sieve_like.spec import (
    Binding,
    Bound,
    CommandSpec,
    Compiling,
    Extension,
    Kind,
    Namespace,
    Positional,
    ScriptKey,
    Tag,
)

NAME_MAX = 256  # octets, as in ManageSieve (RFC 5804 1.6 asks for 128 characters at least)


def complain_about_script(value: str | int) -> str:
    """Return what is wrong with the name of a script, "" if nothing is (RFC 5804 1.6)."""
    name = str(value)
    if not name or len(name.encode("utf-8", "replace")) > NAME_MAX:
        return f"the name of a script has 1 to {NAME_MAX} octets"
    if "/" in name or any(c < " " or "\x7f" <= c < "\xa0" or c in "\u2028\u2029" for c in name):
        return f"'{name}' can't be the name of a script"
    return ""


def _key(bound: Bound) -> ScriptKey:
    return ScriptKey(str(bound.constant("script")), personal="global" not in bound.args)


def _check_include(bound: Bound, binding: Binding) -> None:
    """RFC 6609 3.2: the script must be there, unless it is optional."""
    key = _key(bound)
    if binding.library.script(key.name, personal=key.personal) is not None:
        binding.include(key, bound.span, once="once" in bound.args)
    elif "optional" not in bound.args:
        place = "personal" if key.personal else "global"
        binding.error(bound.spans["script"], f"there is no {place} script '{key.name}'")


def _include(bound: Bound, ctx: Compiling) -> Step:
    key, once, span = _key(bound), "once" in bound.args, bound.span
    included = ctx.included(key)
    if included is None:
        return lambda _run: None
    script = included

    def step(run: Run) -> Signal | None:
        seen = cast("set[ScriptKey]", run.state.setdefault("include", set()))
        if once and key in seen:
            return None
        seen.add(key)
        if run.trace is not None:
            run.note(span, "include", name=key.name)
        around = run.script, run.variables, run.match_values, run.shares
        run.script, run.variables, run.match_values, run.shares = key.name, {}, (), script.shared
        try:
            signal = script.step()(run)
        except ScriptFailure as failure:
            failure.script = failure.script or key.name
            raise
        finally:
            run.script, run.variables, run.match_values, run.shares = around
        return None if signal is RETURN else signal

    return step


def _return(bound: Bound, ctx: Compiling) -> Step:
    del bound, ctx
    return lambda _run: RETURN


def complain_about_shared(value: str | int) -> str:
    """Return what is wrong with the name of a variable that scripts share, "" if nothing is."""
    return "" if PLAIN_NAME.match(str(value)) else f"'{value}' can't be the name of a global variable"


def _check_global(bound: Bound, binding: Binding) -> None:
    """RFC 6609 3.4: a name is shared before it is used."""
    if "variables" not in binding.enabled:
        binding.error(bound.span, f"'{bound.name}' needs 'require \"variables\"' at the top of the script")
        return
    names = bound.constant("names")
    for name in names if isinstance(names, tuple) else ():
        folded = name.lower()
        if folded in binding.scope.local:
            binding.error(bound.spans["names"], f"the variable '{name}' was used before it became global")
        binding.scope.shared.add(folded)


def _check_import(bound: Bound, binding: Binding) -> None:
    if binding.depth or binding.started:
        binding.error(bound.span, f"'{bound.name}' must stand at the top, directly behind 'require'")
    else:
        _check_global(bound, binding)


def _at_the_top(bound: Bound, binding: Binding) -> None:
    """Let further ones follow."""
    del bound
    binding.started = False


def _declared(bound: Bound, ctx: Compiling) -> Step:
    """Return what a declaration does in a run: nothing."""
    del bound, ctx
    return lambda _run: None


def _read(run: Run, name: str) -> str:
    return run.shared.get(name, "")


def _write(run: Run, name: str, value: str) -> None:
    run.share_variable(name, value)


NAMES = Positional("names", Kind.STRINGS, constant=True, check=complain_about_shared)

EXTENSION = Extension(
    "include",
    "6609",
    commands=(
        CommandSpec(
            "include",
            _include,
            tags=(
                Tag("personal", group="location"),
                Tag("global", group="location"),
                Tag("once", group="once"),
                Tag("optional", group="optional"),
            ),
            positionals=(Positional("script", constant=True, check=complain_about_script),),
            check=_check_include,
        ),
        CommandSpec("return", _return),
        CommandSpec("global", _declared, positionals=(NAMES,), check=_check_global),
        CommandSpec("import", _declared, positionals=(NAMES,), check=_check_import, enter=_at_the_top),
        CommandSpec("export", _declared, positionals=(NAMES,), check=_check_import, enter=_at_the_top),
    ),
    namespaces=(Namespace("global", read=_read, write=_write, check=complain_about_shared),),
    card=__doc__,
)

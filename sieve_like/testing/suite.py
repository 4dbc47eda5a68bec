"""The extension vnd.dovecot.testsuite: commands and tests of `.svtest` files.

Not among the extensions of users: only the runner adds it, to test files and the scripts that they compile.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from sieve_like.address import parse_one, split_envelope
from sieve_like.declare import reader
from sieve_like.errors import ScriptFailure, Span
from sieve_like.interpreter import Run, Signal, Step, Test
from sieve_like.matching import Source, match_test
from sieve_like.message import Envelope, Message, PlainMessage
from sieve_like.spec import (
    Binding,
    Bound,
    CommandSpec,
    Compiling,
    Extension,
    Fact,
    Kind,
    Matching,
    Namespace,
    Positional,
    Tag,
    TestSpec,
)
from sieve_like.testing.bench import (
    CAPABILITY,
    AbortedError,
    Bench,
    TestFailedError,
    new_message,
    set_message,
)
from sieve_like.testing.execution import execute
from sieve_like.testing.multiscript import run_sequence
from sieve_like.testing.settings import PREFIXES
from sieve_like.testing.show import show_message, show_result
from sieve_like.testing.world import ENTRIES, folded
from sieve_like.values import Args

Do = Callable[[Run, Bench, Args, Span], None]
Answer = Callable[[Run, Bench, Args, Span], bool]
INDEX = Tag("index", Kind.NUMBER)
NAME = Positional("name")


def bench_of(run: Run) -> Bench:
    """Return the bench of a run."""
    bench = run.state.get(CAPABILITY)
    if not isinstance(bench, Bench):
        raise ScriptFailure("commands of the test language only work in a test file")
    return bench


def command(
    name: str,
    do: Do,
    *positionals: Positional,
    tags: tuple[Tag, ...] = (),
    check: Callable[[Bound, Binding], None] | None = None,
) -> CommandSpec:
    """Return a command of the test language."""

    def compile_it(bound: Bound, ctx: Compiling) -> Step:
        del ctx
        arguments, span = reader(bound), bound.span

        def step(run: Run) -> Signal | None:
            do(run, bench_of(run), arguments(run), span)
            return None

        return step

    return CommandSpec(name, compile_it, tags, positionals, check=check)


def question(
    name: str,
    answer: Answer,
    *positionals: Positional,
    tags: tuple[Tag, ...] = (),
    check: Callable[[Bound, Binding], None] | None = None,
) -> TestSpec:
    """Return a test of the test language."""

    def compile_it(bound: Bound, ctx: Compiling) -> Test:
        del ctx
        arguments, span = reader(bound), bound.span
        return lambda run: answer(run, bench_of(run), arguments(run), span)

    return TestSpec(name, compile_it, tags, positionals, check=check)


# --- blocks -------------------------------------------------------------------------------------------------


def _block(bound: Bound, ctx: Compiling) -> Step:
    name, block, span = bound.args["name"].read, ctx.block(bound.block or ()), bound.span

    def step(run: Run) -> Signal | None:
        bench = bench_of(run)
        if bench.depth:
            return block(run)  # a sub-test: it belongs to the block that runs it
        bench.begin(str(name(run)))
        try:
            signal = block(run)
        except TestFailedError as failure:
            bench.end(failure.reason, failure.span.line)
            return None
        except (ScriptFailure, AbortedError):
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours must not hide the blocks that follow
            bench.end(f"internal error: {type(error).__name__}: {error}", span.line)
            return None
        bench.end()
        return signal

    return step


def _check_block(bound: Bound, binding: Binding) -> None:
    if binding.depth:
        binding.error(bound.span, "tests can't be nested: 'test' must stand at the top level")


def _fail(run: Run, bench: Bench, args: Args, span: Span) -> None:
    del run, bench
    raise TestFailedError(args.text("reason"), span)


# --- message and envelope -----------------------------------------------------------------------------------


def _set_message(run: Run, bench: Bench, value: str) -> None:
    new_message(run, value.encode("utf-8", "surrogateescape"))
    run.envelope = derived(run.message, bench.user)


def derived(message: Message, user: str) -> Envelope:
    """Return the envelope that a mail without one gets."""
    recipient = _first(message, "envelope-to", "to") or "recipient@example.com"
    sender = _first(message, "return-path", "sender", "from")
    return Envelope("sender@example.com" if sender is None else sender, recipient, recipient, user)


def _first(message: Message, *names: str) -> str | None:
    """Return the address of the first of these fields that has one; "" is the null sender."""
    for name in names:
        if name == "return-path" and any(value.strip() == b"<>" for value in message.header(name)):
            return ""
        found = next((one.address for one in message.addresses(name) if one.valid), None)
        if found is not None:
            return found
    return None


def path(value: str, *, local_part: bool) -> str | None:
    """Return an SMTP path as an address: no brackets, no source route; None where it is none."""
    text = value.strip()
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1].strip()
    if not text:
        return ""
    local, domain = split_envelope(text)
    if domain is None:
        return local if local_part and local and " " not in local else None
    bare = text.partition(":")[2] if text.startswith("@") else text
    return text if parse_one(f"<{bare}>") is not None else None


def _set_envelope(run: Run, bench: Bench, member: str, value: str) -> None:
    if member == "auth":
        run.envelope = replace(run.envelope, auth=value)
        run.facts.clear()
        return
    found = path(value, local_part=member != "from")
    if found is None:
        bench.errors.append(f"testsuite: envelope {member} address '{value}' is invalid")
        found = ""
    changed: dict[str, Any] = {
        "from": {"sender": found},
        "to": {"recipient": found, "original_recipient": found},
        "orig_to": {"original_recipient": found},
    }[member]
    run.envelope = replace(run.envelope, **changed)
    run.facts.clear()


SETTABLE = ("message", "envelope.from", "envelope.to", "envelope.orig_to", "envelope.auth")


def _set(run: Run, bench: Bench, args: Args, span: Span) -> None:
    del span
    name, _, member = args.text("object").partition(".")
    if name == "message":
        _set_message(run, bench, args.text("value"))
    else:
        _set_envelope(run, bench, member, args.text("value"))


def _complain_about_object(value: str | int) -> str:
    known = ", ".join(SETTABLE)
    return "" if value in SETTABLE else f"unknown object '{value}' for test_set; there are {known}"


# --- messages of the world ----------------------------------------------------------------------------------


def _choose(run: Run, bench: Bench, args: Args) -> str:
    """Make a mail of the outbox or of a mailbox the current one; returns what is wrong, "" for nothing."""
    index = args.number("number")
    if args.flag("smtp"):
        sent = bench.world.sent(index)
        if sent is None:
            return f"no outgoing SMTP message with index {index}"
        set_message(run, PlainMessage(sent.octets))
        run.envelope = replace(
            run.envelope, sender=sent.sender, recipient=sent.recipient, original_recipient=sent.recipient
        )
        return ""
    stored = bench.world.stored(args.text("folder"), index)
    if stored is None:
        return f"no message with index {index} in folder '{args.text('folder')}'"
    set_message(run, stored.message)
    run.flags = stored.flags
    return ""


def _message(run: Run, bench: Bench, args: Args, span: Span) -> None:
    wrong = _choose(run, bench, args)
    if wrong:
        raise TestFailedError(wrong, span)


def _is_message(run: Run, bench: Bench, args: Args, span: Span) -> bool:
    del span
    return not _choose(run, bench, args)


def _check_source(bound: Bound, binding: Binding) -> None:
    if "smtp" not in bound.args and "folder" not in bound.args:
        binding.error(bound.span, f"'{bound.name}' needs ':smtp' or ':folder'")


SOURCES = (Tag("smtp", group="source"), Tag("folder", Kind.STRING, group="source"))


def _print_message(run: Run, bench: Bench, args: Args, span: Span) -> None:
    del args, span
    bench.output += show_message(run)


# --- mailboxes, annotations, settings -----------------------------------------------------------------------


def _create(run: Run, bench: Bench, args: Args, span: Span) -> None:
    del run, span
    bench.world.create(args.text("name"))


def _delete(run: Run, bench: Bench, args: Args, span: Span) -> None:
    del run, bench, args
    raise TestFailedError("test_mailbox_delete: mailboxes can't be deleted", span)


def _annotate(run: Run, bench: Bench, args: Args, span: Span) -> None:
    del run
    entry = args.text("annotation").lower()
    if not entry.startswith(ENTRIES) or entry.endswith("/"):
        raise TestFailedError(f"'{entry}' is no name of an annotation", span)
    mailbox = folded(args.text("mailbox")) if args.said("mailbox") else ""
    bench.world.annotations[mailbox, entry] = args.text("value")


def _config_set(run: Run, bench: Bench, args: Args, span: Span) -> None:
    del run, span
    bench.said[args.text("setting").lower()] = args.text("value")


def _config_unset(run: Run, bench: Bench, args: Args, span: Span) -> None:
    del run, span
    bench.said.pop(args.text("setting").lower(), None)


def _config_reload(run: Run, bench: Bench, args: Args, span: Span) -> None:
    name = args.text("extension") if args.said("extension") else None
    # Names that have settings are known also where they are no capability (the notification method mailto).
    if name is not None and name not in bench.setup.registry.capabilities and name not in PREFIXES:
        raise AbortedError(f"test_config_reload: unknown extension '{name}'", span)
    bench.reload(run, name)


# --- other scripts ------------------------------------------------------------------------------------------


def _script_compile(run: Run, bench: Bench, args: Args, span: Span) -> bool:
    del run, span
    bench.errors.clear()
    program = bench.compile_file(args.text("path"))
    if program is not None:
        bench.program = program
    return program is not None


def _script_run(run: Run, bench: Bench, args: Args, span: Span) -> bool:
    if bench.program is None:
        raise ScriptFailure("testsuite: no script compiled yet", span)
    if not args.flag("append_result"):
        bench.reset(run)
    bench.errors.clear()
    return bench.run(run, bench.program)


def _multiscript(run: Run, bench: Bench, args: Args, span: Span) -> bool:
    del span
    bench.errors.clear()
    return run_sequence(bench, run, args.texts("scripts"))


def _binary_save(run: Run, bench: Bench, args: Args, span: Span) -> None:
    del run
    if bench.program is None:
        raise AbortedError("test_binary_save: no compiled binary to save", span)
    bench.binaries[args.text("name")] = bench.program


def _binary_load(run: Run, bench: Bench, args: Args, span: Span) -> None:
    del run
    name = args.text("name")
    if name not in bench.binaries:
        raise AbortedError(f"test_binary_load: failed to load binary '{name}'", span)
    bench.program = bench.binaries[name]


# --- the result ---------------------------------------------------------------------------------------------

# The words of the test language for actions that we call otherwise.
NAMES = {"fileinto": "store", "ereject": "reject"}


def _reset(run: Run, bench: Bench, args: Args, span: Span) -> None:
    del args, span
    bench.reset(run)
    bench.world.outbox.clear()


def _execute(run: Run, bench: Bench, args: Args, span: Span) -> bool:
    del args, span
    bench.errors.clear()
    return execute(bench, run)


def _action_names(run: Run, bench: Bench) -> Sequence[str]:
    return [NAMES.get(one.name, one.name) for one in bench.result(run)]


def _messages(run: Run, bench: Bench) -> Sequence[str]:
    del run
    return tuple(bench.errors)


def _listed(name: str, values: Callable[[Run, Bench], Sequence[str]]) -> TestSpec:
    """Return a matching test over a list, of which `:index` (from 1) chooses one value."""

    def compile_it(bound: Bound, ctx: Compiling) -> Test:
        arguments = reader(bound)

        def read(run: Run) -> Sequence[str]:
            found, index = values(run, bench_of(run)), arguments(run).number("index")
            return found[index - 1 : index] if index else found

        fact = Fact("", read)
        return match_test(bound, ctx, Source(read=lambda _run: (fact,), stable=False))

    keys = Positional("keys", Kind.STRINGS)
    return TestSpec(name, compile_it, (INDEX,), (keys,), Matching.MATCH, comparator="i;octet")


def _print_result(run: Run, bench: Bench, args: Args, span: Span) -> None:
    del args, span
    bench.output += show_result(bench.result(run), kept=run.kept)


def _variable(run: Run, name: str) -> str:
    return str(PurePosixPath(bench_of(run).folder)) if name == "path" else ""


EXTENSION_TAG = Tag("extension", Kind.STRING)
SETTING = Positional("setting")

TESTSUITE = Extension(
    CAPABILITY,
    commands=(
        CommandSpec("test", _block, positionals=(NAME,), block=True, check=_check_block),
        command("test_fail", _fail, Positional("reason")),
        command(
            "test_set",
            _set,
            Positional("object", constant=True, check=_complain_about_object),
            Positional("value"),
        ),
        command("test_mailbox_create", _create, NAME),
        command("test_mailbox_delete", _delete, NAME),
        command(
            "test_imap_metadata_set",
            _annotate,
            Positional("annotation"),
            Positional("value"),
            tags=(Tag("mailbox", Kind.STRING),),
        ),
        command("test_config_set", _config_set, SETTING, Positional("value")),
        command("test_config_unset", _config_unset, SETTING),
        command("test_config_reload", _config_reload, tags=(EXTENSION_TAG,)),
        command("test_binary_save", _binary_save, NAME),
        command("test_binary_load", _binary_load, NAME),
        command("test_result_reset", _reset),
        command("test_result_print", _print_result),
        command(
            "test_message", _message, Positional("number", Kind.NUMBER), tags=SOURCES, check=_check_source
        ),
        command("test_message_print", _print_message),
    ),
    tests=(
        question("test_script_compile", _script_compile, Positional("path")),
        question("test_script_run", _script_run, tags=(Tag("append_result"),)),
        question("test_multiscript", _multiscript, Positional("scripts", Kind.STRINGS)),
        question("test_result_execute", _execute),
        _listed("test_result_action", _action_names),
        _listed("test_error", _messages),
        question(
            "test_message", _is_message, Positional("number", Kind.NUMBER), tags=SOURCES, check=_check_source
        ),
    ),
    namespaces=(Namespace("tst", read=_variable),),
    card=__doc__ or "",
)

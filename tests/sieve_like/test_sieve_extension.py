"""A new extension is one constant: what a host can add without touching the language."""

from dataclasses import dataclass
from typing import ClassVar

import pytest
from sieverun import ALL, NOW, REGISTRY, compiled, complaints, mail

from sieve_like.declare import action_command, simple_test
from sieve_like.errors import RegistryError, ScriptFailure
from sieve_like.ext.variables import complain_about_variable, modifier
from sieve_like.host import DefaultHost
from sieve_like.message import Envelope
from sieve_like.registry import Registry, discover
from sieve_like.result import Action
from sieve_like.spec import AddedTag, Comparator, Extension, Kind, Namespace, Tag


@dataclass(frozen=True, slots=True)
class Ticket(Action):
    """An action of the host's own."""

    name: ClassVar[str] = "ticket"
    cancels: ClassVar[bool] = True
    delivers: ClassVar[bool] = True

    queue: str = ""
    tags: tuple[str, ...] = ()
    days: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """The question what an action will do."""

    action: Action


@dataclass(frozen=True, slots=True)
class Known:
    """The question whether somebody is known."""

    kind: str


def tell(run, action, args):
    """Put the outcome into the variable that the script names."""
    if args.said("outcome"):
        run.set_variable(args.text("outcome"), str(run.ask(Plan(action), action.span)))


def build(args):
    """Make the action."""
    if args.number("days") > 100:
        raise ScriptFailure("too far away")
    return Ticket(args.text("queue"), args.texts("tags"), args.number("days"), copy=args.flag("copy"))


TICKETS = Extension(
    "vnd.test.tickets",
    commands=(
        action_command(
            "ticket",
            build,
            tags=(
                Tag("queue", Kind.STRING, names="queue"),
                Tag("tag", Kind.STRINGS, field="tags"),
                Tag("days", Kind.NUMBER, default=3),
                Tag("copy"),
                Tag("outcome", Kind.STRING, constant=True, check=complain_about_variable),
            ),
            after=tell,
        ),
    ),
    tests=(
        simple_test(
            "contact",
            lambda run, args: bool(run.ask(Known(args.text("type") or "any"))),
            tags=(Tag("known"), Tag("type", Kind.STRING)),
        ),
    ),
    tags=(AddedTag(("set",), modifier("rot", 15, lambda text: text[::-1])),),
    namespaces=(Namespace("shop", names=("name", "city")),),
)


class Host(DefaultHost):
    """Knows VIPs, and one name."""

    def ask(self, question):
        match question:
            case Known(kind=kind):
                return kind == "vip"
            case Plan(action=Ticket(queue=queue)):
                return f"created in {queue}"
        return None

    def namespace(self, namespace, name):
        return {"shop.name": "Corner"}.get(f"{namespace}.{name}")


EXTENDED = REGISTRY.with_extensions(TICKETS)


def run(source, **options):
    """Run a script that requires the extension."""
    source = ALL.replace("];", ', "vnd.test.tickets"];') + source
    program = compiled(source, registry=EXTENDED)
    return program.run(mail("Subject: x"), Envelope("a@b.example", "c@d.example"), Host(), now=NOW, **options)


def test_an_action_of_the_host_gets_its_arguments():
    """Tags reach the builder with their types; variables are expanded, what is not said has its default."""
    result = run('set "q" "support"; ticket :queue "${q}" :tag ["a", "b"];')
    (action,) = result.performed
    assert (action.queue, action.tags, action.days, action.copy) == ("support", ("a", "b"), 3, False)
    assert action.span.line == 2
    assert not result.implicit_keep


def test_the_action_itself_says_whether_it_cancels_the_keep():
    """:copy of an action of the host's own keeps the mail, as with fileinto."""
    assert run("ticket :copy;").implicit_keep


def test_the_outcome_reaches_a_variable():
    """After the action stands in the result the host is asked, and the script goes on with the answer."""
    result = run('ticket :queue "q1" :outcome "did"; if string "${did}" "created in q1" { fileinto "x"; }')
    assert [action.name for action in result.performed] == ["ticket", "fileinto"]


def test_the_action_that_is_asked_about_is_the_one_in_the_result():
    """The host may remember an action by its identity."""
    asked = []

    class Remembers(Host):
        def ask(self, question):
            asked.append(question.action)
            return "x"

    source = ALL.replace("];", ', "vnd.test.tickets"];') + 'ticket :outcome "did"; keep;'
    result = compiled(source, registry=EXTENDED).run(
        mail("A: b"), Envelope("", "c@d.example"), Remembers(), now=NOW
    )
    assert result.performed[0] is asked[0]


def test_a_builder_may_fail_the_run():
    """ScriptFailure ends the run at the command's place, with the implicit keep."""
    result = run("keep;\nticket :days 101;")
    assert (result.error.text, result.error.line, result.implicit_keep) == ("too far away", 3, True)


def test_a_test_of_the_host_asks_it():
    """The answer of the host decides."""
    assert run('if contact :type "vip" { discard; }').performed[0].name == "discard"
    assert run("if contact :known { discard; }").implicit_keep


def test_an_action_that_delivers_excludes_a_refusal():
    """A refusal conflicts with a ticket as it does with fileinto."""
    assert run('ticket; reject "no";').error is not None


def test_a_namespace_is_read_from_the_host():
    """${shop.name} comes from the host, an unset one is empty, others are errors with a suggestion."""
    assert run('fileinto "${shop.name}|${SHOP.City}";').performed[0].mailbox == "Corner|"
    head = 'require ["variables", "vnd.test.tickets", "fileinto"]; '
    assert complaints(head + 'fileinto "${shop.nam}";', registry=EXTENDED) == [
        "there is no variable 'shop.nam' (did you mean 'shop.name'?)"
    ]
    assert "can't be set" in complaints(head + 'set "shop.name" "x";', registry=EXTENDED)[0]


def test_a_modifier_can_be_added_to_set():
    """The added one takes its place by precedence."""
    assert run('set :rot :upper "a" "abc"; fileinto "${a}";').performed[0].mailbox == "CBA"


def test_a_namespace_may_come_with_several_extensions():
    """Each of them makes it available; two different namespaces of one name are refused."""
    shared = Namespace("shop", names=("name", "city"))
    registry = EXTENDED.with_extensions(Extension("vnd.test.other", namespaces=(shared,)))
    source = 'require ["variables", "%s", "fileinto"]; fileinto "${shop.name}x";'
    assert complaints(source % "vnd.test.other", registry=registry) == []
    assert complaints(source % "vnd.test.tickets", registry=registry) == []
    assert "unknown namespace" in complaints(source % "copy", registry=registry)[0]
    with pytest.raises(RegistryError, match="namespace 'shop'"):
        EXTENDED.with_extensions(Extension("vnd.test.other", namespaces=(Namespace("shop"),)))


def test_a_writable_namespace():
    """A namespace may keep its own values in the state of the run."""

    def read(run, name):
        return run.state.setdefault("vnd.test.box", {}).get(name, "")

    def write(run, name, value):
        run.state.setdefault("vnd.test.box", {})[name] = value

    box = Extension("vnd.test.box", namespaces=(Namespace("box", read=read, write=write),))
    source = 'require ["vnd.test.box", "variables", "fileinto"]; set "box.A" "x"; fileinto "${box.a}";'
    program = compiled(source, registry=REGISTRY.with_extensions(box))
    assert program.run(mail("A: b"), Envelope("", ""), DefaultHost(), now=NOW).performed[0].mailbox == "x"


def test_a_comparator_can_be_added():
    """A comparator that ignores blanks works with the tests that are there."""
    loose = Extension(
        "comparator-x;loose", comparators=(Comparator("x;loose", lambda t: t.replace(" ", ""), str),)
    )
    source = 'require "comparator-x;loose"; if header :comparator "x;loose" "subject" "ab" { discard; }'
    program = compiled(source, registry=REGISTRY.with_extensions(loose))
    assert not program.run(mail("Subject: a b"), Envelope("", ""), DefaultHost(), now=NOW).implicit_keep


def test_required_capabilities_are_known_to_the_program():
    """The host can see what a script uses."""
    assert compiled('require ["fileinto", "copy"];').capabilities == {"fileinto", "copy"}


def test_the_registry_is_not_changed_by_adding():
    """with_extensions returns another registry."""
    assert REGISTRY.command("ticket") is None
    assert EXTENDED.command("ticket") is not None


@pytest.mark.parametrize(
    ("extension", "part"),
    [
        (Extension("fileinto"), "capability 'fileinto' is offered twice"),
        (Extension("x", commands=(action_command("keep", lambda _: Action()),)), "command 'keep' of 'x'"),
        (Extension("x", tests=(simple_test("header", lambda _r, _a: True),)), "test 'header' of 'x'"),
        (Extension("x", tags=(AddedTag(("fileinto",), Tag("copy")),)), "tag ':copy' of 'fileinto'"),
        (Extension("x", tags=(AddedTag(("vacation",), Tag("days")),)), "tag ':days' of 'vacation'"),
        (Extension("x", implies=("y",)), "implies 'y', which nobody offers"),
    ],
)
def test_a_name_used_twice_is_refused(extension, part):
    """Two extensions with one name stop the start, and the message names both."""
    with pytest.raises(RegistryError, match=r"already|twice|nobody") as caught:
        REGISTRY.with_extensions(extension)
    assert part in str(caught.value)


def test_a_file_without_its_constant_is_refused(tmp_path, monkeypatch):
    """A file in the folder that exports no EXTENSION stops the start; shared files start with an underscore."""
    folder = tmp_path / "some_extensions"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "_shared.py").write_text("")
    (folder / "good.py").write_text(
        "from sieve_like.spec import Extension\nEXTENSION = Extension('vnd.good')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert [one.capability for one in discover("some_extensions")] == ["vnd.good"]
    (folder / "bad.py").write_text("")
    with pytest.raises(RegistryError, match=r"some_extensions\.bad exports no EXTENSION"):
        discover("some_extensions")


def test_every_extension_has_its_card():
    """Name, RFC if there is one, what is done: the documentation is made of it."""
    for extension in Registry.standard().extensions:
        assert isinstance(extension.card, str)
        assert "RFC " in extension.card or not extension.rfc, extension.capability
        assert "Done: " in extension.card

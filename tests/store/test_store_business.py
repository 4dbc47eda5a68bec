"""What the business changes: planned, applied twice, exported, taken over, loaded as a catalogue."""

import pytest

from mailgate.domain.routing import Queue, Route, Template
from mailgate.errors import SettingsError
from mailgate.store import business, queries
from mailgate.store.business import Business, Script

WANTED = Business(
    addresses=(
        Route("Support@Example.org", "support", "support"),
        Route("*@lists.example.org", "lists"),
        Route("@example.com", target="maildir"),
    ),
    queues=(Queue("support", "support@example.org", "Support", "de"),),
    templates=(Template("ack", "Re: {{ mail.subject }}", "thanks"),),
    scripts=(Script("support", "keep;\n"), Script("lists", 'fileinto "l";\n')),
)


@pytest.fixture
def change(writer, store):
    """Apply what a function plans on the present state, and return the changes."""

    def run(make):
        with queries.reading(store) as connection:
            changes = make(connection)
        writer.submit(lambda tx: business.apply_changes(tx, changes, "root")).result(30)
        return changes

    return run


@pytest.fixture
def look(store):
    def run(function, *arguments, **named):
        with queries.reading(store) as connection:
            return function(connection, *arguments, **named)

    return run


def test_applying_twice_changes_nothing_the_second_time(change):
    """Idempotent: the second plan is empty."""
    first = change(lambda c: business.plan(c, WANTED, "desk.toml"))
    assert [x.action for x in first] == ["add"] * 7
    assert change(lambda c: business.plan(c, WANTED, "desk.toml")) == ()


def test_a_plan_alone_writes_nothing(look, ask):
    """A dry run ends after the plan."""
    assert len(look(business.plan, WANTED, "desk.toml")) == 7
    assert ask("SELECT count(*) FROM address") == [(0,)]


def test_a_change_names_the_columns_and_counts_the_version(change, ask):
    """Only what differs is changed; row and catalogue versions grow; the audit has the lines."""
    change(lambda c: business.plan(c, WANTED, "f"))
    other = Business(
        WANTED.addresses, WANTED.queues, WANTED.templates, (Script("support", "stop;\n"), WANTED.scripts[1])
    )
    (one,) = change(lambda c: business.plan(c, other, "f"))
    assert (one.action, one.kind, one.name, one.fields) == ("change", "script", "support", ("source",))
    assert ask("SELECT source, version FROM script WHERE name = 'support'") == [("stop;\n", 2)]
    assert ask("SELECT version FROM catalogue_version") == [(2,)]
    assert ask("SELECT action, subject, detail FROM audit ORDER BY id DESC LIMIT 1") == [
        ("script change", "support", "source")
    ]


def test_what_a_file_no_longer_names_goes(change, ask):
    """Rows of the same origin are removed, those of another and those by hand stay."""
    change(lambda c: business.plan(c, WANTED, "f"))
    change(lambda c: business.plan(c, Business(scripts=(Script("mine", "keep;"),)), "g"))
    change(lambda c: business.set_one(c, Script("by-hand", "keep;")))
    gone = change(lambda c: business.plan(c, Business(), "f"))
    assert {x.action for x in gone} == {"remove"}
    assert ask("SELECT name FROM script ORDER BY name") == [("by-hand",), ("mine",)]


def test_export_gives_back_what_was_applied(change, look):
    """Addresses in their order, folded; all else as given."""
    change(lambda c: business.plan(c, WANTED, "f"))
    exported = look(business.export)
    assert [r.address for r in exported.addresses] == [
        "support@example.org", "*@lists.example.org", "@example.com",
    ]  # fmt: skip
    assert (exported.queues, exported.templates) == (WANTED.queues, WANTED.templates)
    assert look(business.plan, exported, "f") == ()
    assert look(business.export, "other") == Business()


def test_what_a_file_owns_is_changed_by_hand_only_after_a_take_over(change, look, ask):
    """Without it: a sentence that names the file; with it: the row is ours from then on."""
    change(lambda c: business.plan(c, WANTED, "desk.toml"))
    item = Script("support", "stop;\n")
    with pytest.raises(SettingsError, match=r"comes from desk\.toml"):
        look(business.set_one, item)
    with pytest.raises(SettingsError, match=r"comes from desk\.toml"):
        look(business.remove_one, "script", "support")
    change(lambda c: business.set_one(c, item, take_over=True))
    assert ask("SELECT source, origin FROM script WHERE name = 'support'") == [("stop;\n", "")]


def test_setting_and_removing_by_hand(change, ask):
    """An address set by hand goes behind the others and keeps its place when it is set again."""
    change(lambda c: business.set_one(c, Route("a@x.org", "s")))
    change(lambda c: business.set_one(c, Route("*@x.org", "s")))
    change(lambda c: business.set_one(c, Route("A@x.org", "other")))
    assert change(lambda c: business.set_one(c, Route("a@x.org", "other"))) == ()
    assert ask("SELECT address, script, position FROM address ORDER BY position") == [
        ("a@x.org", "other", 0), ("*@x.org", "s", 1),
    ]  # fmt: skip
    change(lambda c: business.remove_one(c, "address", "A@X.org"))
    assert change(lambda c: business.remove_one(c, "address", "a@x.org")) == ()
    assert ask("SELECT address FROM address") == [("*@x.org",)]


def test_the_catalogue_is_what_rcpt_is_answered_from(change, look):
    """Exact before pattern, `@domain` is a whole domain, own addresses are known, the version tells of changes."""
    change(lambda c: business.plan(c, WANTED, "f"))
    catalogue = look(business.load_catalogue, own=("Extra@Example.org",))
    assert catalogue.version == 1 == look(business.catalogue_version)
    assert catalogue.route("SUPPORT@example.org").queue == "support"
    assert catalogue.route("any@lists.example.org").script == "lists"
    assert catalogue.route("any@example.com").target == "maildir"
    assert catalogue.route("any@sub.example.com") is None
    assert catalogue.own == {"support@example.org", "extra@example.org"}
    assert (catalogue.queues["support"].language, catalogue.templates["ack"].text) == ("de", "thanks")
    assert catalogue.scripts == {"support": "keep;\n", "lists": 'fileinto "l";\n'}


def test_changes_are_signalled(store, clock):
    """The app hears "catalogue" after the commit; an empty plan says nothing."""
    from mailgate.store.writer import Writer

    heard = []
    writer = Writer(store, clock=clock, on_signals=heard.append)
    with queries.reading(store) as connection:
        changes = business.plan(connection, WANTED, "f")
    writer.submit(lambda tx: business.apply_changes(tx, changes, "root"))
    writer.submit(lambda tx: business.apply_changes(tx, (), "root"))
    writer.start()
    assert writer.stop(30)
    assert heard == [frozenset({"catalogue"})]

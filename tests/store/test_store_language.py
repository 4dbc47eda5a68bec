"""Effects of the whole language: edited mails, copies, snoozed mails, programs, web addresses, ticket changes."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from storekit import START, TEXT, OpenGate, Said, deciding, incoming
from test_store_effects import DRAFT, send, ticketing

from mailgate.domain.draft import Attachment
from mailgate.domain.effects import (
    AddEntry,
    CallHook,
    ChangeTicket,
    Deliver,
    EntryKind,
    Forward,
    LinkTickets,
    Pipe,
)
from mailgate.outbox.load import Loader
from mailgate.store.editions import shared_tail
from mailgate.store.own_target import OwnStore
from mailgate.store.rows import OutboxRow
from mailgate.store.sweep import sweep

EDITED = TEXT.replace(b"Subject: help", b"X-New: yes\r\nSubject: [ext] help")


@pytest.fixture
def jobs(store, ask):
    """Return the jobs of all outbox rows, in their order."""

    def load(now=START):
        columns = ", ".join(OutboxRow._fields)
        rows = [OutboxRow._make(row) for row in ask(f"SELECT {columns} FROM outbox ORDER BY id")]
        loader = Loader(store, "desk.example.org", START, timedelta(seconds=300))
        try:
            return loader.jobs(rows, now)
        finally:
            loader.close()

    return load


def content(job) -> bytes:
    """Return a job's octets, whose number its size must be."""
    octets = b"".join(bytes(piece) for piece in job.content.plain())
    assert job.content.size == len(octets)
    return octets


@pytest.mark.parametrize(
    ("original", "edited", "tail"),
    [
        (b"a\nb\nc\n", b"x\na\nb\nc\n", 0),
        (b"a\nb\nc\n", b"b\nc\n", 2),
        (b"a\nb\nc\n", b"z\nb\nc\n", 2),
        (b"aX\nb\n", b"cX\nb\n", 3),
        (b"a\n", b"b", 2),
        (b"", b"b", 0),
        (b"abc", b"xbc", 3),
        (b"q\n" + b"x\n" * 200_000, b"r\n" + b"x\n" * 200_000, 2),
    ],
)
def test_what_an_edited_mail_shares_with_the_one_that_came(original, edited, tail):
    """It is the longest common end that starts a line; however large both are."""
    assert shared_tail(original, edited) == tail
    assert edited.endswith(original[tail:])


def test_an_edited_mail_is_what_its_target_gets(accept, ask, jobs):
    """The mail that came stays as it is; the target gets the edited one, a second place the same row."""
    accept(
        incoming(),
        deciding(Deliver("box", "A", edited=EDITED), Deliver("box", "B", edited=EDITED), Deliver("box", "C")),
    )
    assert [row[0] for row in ask("SELECT octets FROM message_body")] == [TEXT]
    ((head, tail),) = ask("SELECT octets, tail FROM edition")
    assert len(head) < len(EDITED)
    assert head + TEXT[tail:] == EDITED
    first, second, third = jobs()
    assert content(first).endswith(b"\r\n" + EDITED)
    assert content(second) == content(first)
    assert content(third).endswith(TEXT)
    assert b"X-New" not in content(third)


def test_an_edited_mail_is_redirected_without_its_return_path(accept, jobs):
    """What is edited in goes along; a Return-Path of it does not (RFC 5321 4.4)."""
    edited = b"Return-Path: <x@y.example>\r\n" + EDITED
    accept(incoming(), deciding(Forward("else@example.net", "ann@example.net", edited=edited)))
    (job,) = jobs()
    assert b"Return-Path" not in content(job)
    assert content(job).endswith(EDITED)
    assert b"X-Mailgate-Delivered" in content(job)


def test_our_own_store_names_the_edition(accept, ask):
    """A place of our own store tells which edited mail lies there."""
    accept(incoming(), deciding(Deliver("store", "INBOX"), Deliver("store", "Work", edited=EDITED)))
    assert ask("SELECT folder, edition_id FROM edited_place") == [("Work", 1)]
    assert ask("SELECT folder FROM filing") == [("Work",)]


def test_a_large_edition_is_a_file_that_the_sweep_keeps(store, accept, ask, jobs):
    """Its beginning is too large for a row; the file is named by its digest, and a row names it."""
    edited = b"X-Big: y\r\n\r\n" + b"z" * (store.options.inline_max + 1)
    accept(incoming(), deciding(Deliver("box", "A", edited=edited)), blobs=store.blobs)
    ((stored, octets),) = ask("SELECT stored, octets FROM edition")
    assert (stored, octets) == ("file", b"")
    with_reader = store.reader()
    try:
        assert sweep(with_reader, store.blobs, grace_s=-10.0).blobs == 0
    finally:
        with_reader.close()
    (job,) = jobs()
    assert content(job).endswith(edited)


def test_a_redirect_keeps_what_the_script_asked(accept, jobs):
    """DSN parameters and the time by which it must be delivered, counted from now."""
    forward = Forward("else@example.net", "", "NEVER", "HDRS", 600, "return", by_trace=True)
    accept(incoming(), deciding(forward, Forward("plain@example.net", "")))
    first, second = jobs(START + timedelta(seconds=60))
    assert (first.terms.notify, first.terms.ret, first.terms.by_mode, first.terms.by_trace) == (
        "NEVER", "HDRS", "return", True
    )  # fmt: skip
    assert first.terms.by_until == START + timedelta(seconds=600)
    assert second.terms.by_until is None


def test_a_copy_is_the_very_mail_that_leaves(accept, jobs):
    """The same octets as what is sent, into the folder, with its flags (RFC 8580); nothing without the mail."""
    copy = Deliver("box", "Sent", ("\\Seen",), create=True)
    accept(incoming(), deciding(send(fcc=copy)))
    sent, kept = jobs()
    assert (sent.kind, kept.kind, kept.folder, kept.flags) == ("send", "deliver", "Sent", ("\\Seen",))
    assert kept.create_folder
    assert content(kept) == content(sent)


def test_a_mail_that_the_gate_stops_leaves_no_copy(accept, ask):
    """A copy of what was never sent would be a lie."""
    gate = OpenGate(Said("suppress", "loop"))
    accept(incoming(), deciding(send(fcc=Deliver("box", "Sent"))), gate=gate)
    assert ask("SELECT count(*) FROM outbox") == [(0,)]


def test_in_our_own_store_the_outbox_row_is_the_copy(accept, ask):
    """The row of the mail names the folder; it is not stored twice."""
    accept(incoming(), deciding(send(fcc=Deliver("store", "Sent", ("\\Seen",)))))
    assert ask("SELECT kind, folder, flags FROM outbox") == [("send", "Sent", "\\Seen")]


def test_programs_and_web_addresses_wait_for_the_commit(accept, ask, jobs):
    """Both are rows of the outbox, for their own targets."""
    accept(incoming(), deciding(Pipe("scan", ("-x", "a b"), lenient=True), CallHook("crm", '{"a": 1}')))
    assert ask("SELECT kind, state, target FROM outbox ORDER BY id") == [
        ("pipe", "waiting", "scan"),
        ("call", "waiting", "crm"),
    ]
    pipe, call = jobs()
    assert (pipe.arguments, pipe.lenient) == (("-x", "a b"), True)
    assert content(pipe).endswith(TEXT)
    assert json.loads(content(call)) == {"a": 1}


def test_a_snoozed_mail_comes_back_to_its_folder(accept, ask, writer, clock, jobs):
    """In our own store it lies in Snoozed until its time, then where the rule said, with its flags."""
    due = START + timedelta(hours=1)
    accept(incoming(), deciding(Deliver("store", "Work", ("\\Flagged",), edited=EDITED, due=due)))
    assert ask("SELECT folder FROM delivery") == [("Snoozed",)]
    assert ask("SELECT due FROM outbox") == [(int(due.timestamp() * 1000),)]
    asyncio.run(OwnStore(writer).deliver(jobs()))
    assert ask("SELECT folder, flags FROM delivery") == [("Work", "\\Flagged")]
    assert ask("SELECT folder FROM edited_place") == [("Work",)]


def test_a_snoozed_mail_for_a_target_waits_in_the_outbox(accept, ask):
    """Nothing is delivered before its time."""
    due = START + timedelta(days=1)
    accept(incoming(), deciding(Deliver("box", "Work", due=due)))
    assert ask("SELECT kind, folder, due FROM outbox") == [("deliver", "Work", int(due.timestamp() * 1000))]


def test_tags_are_added_and_taken_away(accept, ask):
    """What is there stays; words have no case; each change stands in the history."""
    accept(
        incoming(),
        ticketing(
            lambda r, t, s: ChangeTicket(t, "tags", "web,new", "t:1", "add"),
            lambda r, t, s: ChangeTicket(t, "tags", "NEW,vip", "t:1", "add"),
            lambda r, t, s: ChangeTicket(t, "tags", "Web", "t:1", "remove"),
            lambda r, t, s: ChangeTicket(t, "tags", "gone", "t:1", "remove"),
        ),
    )
    assert ask("SELECT tags FROM ticket") == [('["new","vip"]',)]
    assert ask("SELECT count(*) FROM entry WHERE field = 'tags'") == [(3,)]


def test_only_lists_can_be_added_to(accept, ask):
    """A rule can't add to a status; the delivery fails as a crash would, and nothing is kept."""
    (outcome,) = accept(incoming(), ticketing(lambda r, t, s: ChangeTicket(t, "status", "x", "t:1", "add")))
    assert outcome.crashed
    assert ask("SELECT count(*) FROM ticket") == [(0,)]


def test_linked_tickets_name_each_other_once(accept, ask):
    """Both histories have the other's number, however often a rule says so."""
    accept(incoming(), ticketing())
    link = LinkTickets(1, "T-1", 2, "T-2", "t:1")
    accept(incoming(trace_id="2", sender="x@example.net"), deciding(link, link))
    assert ask("SELECT ticket_id, new, author FROM entry WHERE field = 'link' ORDER BY id") == [
        (1, "T-2", "t:1"),
        (2, "T-1", "t:1"),
    ]


def test_a_note_leaves_the_session_as_it_is(accept, ask):
    """It is for agents, and no sign of life of the customer."""

    def note(reader, ticket_id, session_id):
        number = reader.allocate("entry")
        return AddEntry(number, ticket_id, session_id, EntryKind.NOTE, "t:1", "look", touches_session=False)

    accept(incoming(), ticketing(note))
    assert ask("SELECT text, message_id FROM entry WHERE kind = 'note'") == [("look", 0)]


def test_a_draft_with_files_is_a_multipart(accept, jobs):
    """Texts go along as files, behind the answer itself."""
    draft = replace(DRAFT, attachments=(Attachment("terms.html", "text/html", "<p>ü</p>"),))
    accept(incoming(), deciding(replace(send(), draft=draft)))
    (job,) = jobs()
    octets = content(job)
    assert b"Content-Type: multipart/mixed" in octets
    assert b'Content-Disposition: attachment; filename="terms.html"' in octets
    assert octets.index(b"thanks") < octets.index(b"text/html")

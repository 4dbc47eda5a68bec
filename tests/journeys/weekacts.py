"""What agents do in the week: each is a real command, and the same thing in the model."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from weekmail import correspondent, opened, remember_first, shows_under
from weekmodel import DAY, INVERSE, MOVES, SAID, WORK, Book, Entry, Reminder, Ticket
from weekscript import AGENTS, STAFF

if TYPE_CHECKING:
    from weekworld import Week

QUEUES_OF = {name: {queue for queue, staff in STAFF.items() if name in staff} for name in AGENTS}


def reach(book: Book, agent: str) -> list[Ticket]:
    """Return the tickets that an agent may work on, without those that are part of another one."""
    return [
        one
        for one in book.tickets
        if one.merged is None
        and (one.fields["queue"] in QUEUES_OF[agent] or one.fields["agent"] == agent or agent == "eva")
    ]


def reply(week: "Week", who: str, ticket: Ticket, status: str = "") -> None:
    """Answer, with copies to the contact and to whoever is confirmed as Cc."""
    book = week.book
    to = correspondent(book, ticket)
    more = ("--status", status) if status else ()
    week.command("ticket", "reply", ticket.number, f"An answer of {who}.", *more, "--as", who)
    woken = ticket.session.state == "closed" and ticket.over and not status
    book.activity(ticket, "outgoing", who)
    if woken:
        book.change(ticket, "status", "open", who)
    session = ticket.session
    before = session.answered or ticket.fields["agent"]
    kind = "answered by another agent" if before and before != who else "answered"
    book.entry(ticket, "answer", who, mail="ours")
    book._record(ticket, session, kind, who)
    session.answered = who
    copies = [
        one for one, (role, confirmed) in ticket.part.items() if role == "cc" and confirmed and one != to
    ]
    contact = ticket.contact
    if book.contact_of(to) is not contact and contact.address not in copies:
        copies.append(contact.address)  # gets every answer, also one to somebody else
    for address in (to, *copies):
        book.outbox["agent", address, ticket.number, who] += 1
    if not ticket.reacted:
        ticket.reacted = book.now
        book.stale.append(ticket)
    if status:
        book.change(ticket, "status", status, who)
    book.share_new_session(ticket)


def pend(week: "Week", who: str, ticket: Ticket) -> None:
    """Answer with a question, and wait; whatever was closed stays with the plain answer."""
    reply(week, who, ticket, "" if ticket.over else "pending")


def comment(week: "Week", who: str, ticket: Ticket) -> None:
    """Write what agents alone see."""
    week.command("ticket", "comment", ticket.number, "Called, nobody there.", "--as", who)
    week.book.entry(ticket, "comment", who)


def assign(week: "Week", who: str, ticket: Ticket) -> None:
    """Take what nobody has, hand on one's own, give anything as the supervisor, or let the rules choose."""
    book, queue = week.book, ticket.fields["queue"]
    to = who
    if ticket.fields["agent"]:
        if who not in {"max", "eva", ticket.fields["agent"]}:
            return
        to = week.rng.choice([*STAFF[queue], ""])
    week.command("ticket", "assign", ticket.number, to, "--as", who)
    book.change(ticket, "agent", to, who)


def dispatch(week: "Week", _who: str, _ticket: Ticket) -> None:
    """Let the rules choose who gets a ticket of a queue that shares out nothing by itself."""
    book = week.book
    nobodys = [
        one
        for one in reach(book, "max")
        if one.fields["queue"] != "support" and not one.fields["agent"] and not one.over
    ]
    work = [one for one in nobodys if one.session.state in WORK and book.next_agent(one.fields["queue"])]
    if work:
        ticket = week.rng.choice(work)
        week.command("ticket", "assign", ticket.number, "auto", "--as", "max")
        book.share(ticket, asked=True)


def move(week: "Week", who: str, ticket: Ticket) -> None:
    """Move it to another queue of the agent's own."""
    queue = week.rng.choice(sorted(QUEUES_OF[who] - {ticket.fields["queue"]}) or [ticket.fields["queue"]])
    week.command("ticket", "move", ticket.number, queue, "--as", who)
    week.book.change(ticket, "queue", queue, who)


def describe(week: "Week", who: str, ticket: Ticket) -> None:
    """Set what a ticket is called and what stands beside it."""
    book, what = week.book, week.rng.choice(("priority", "subject", "tag", "category", "open"))
    if what == "subject" and who not in {"eva", "max"} and any(e.kind == "answer" for e in ticket.entries):
        # Agents leave the subject of what was answered as it is; their supervisor may change it.
        week.refused_command("ticket", "set", ticket.number, "--subject", "Mine", "--as", who)
        who = "max"
    if what == "open" and ticket.fields["status"] == "pending":
        week.command("ticket", "set", ticket.number, "--status", "open", "--as", who)
        book.change(ticket, "status", "open", who)
    elif what in {"priority", "subject"}:
        value = week.rng.choice(("low", "normal", "high"))
        value = value if what == "priority" else f"{value} matter {ticket.number}"
        week.command("ticket", "set", ticket.number, f"--{what}", value, "--as", who)
        book.change(ticket, what, value, who)
    else:
        column = "categories" if what == "category" else "tags"
        word = week.rng.choice(("paper", "late", "angry", "contract"))
        there = getattr(ticket, column)
        sign, after = ("-", tuple(w for w in there if w != word)) if word in there else ("+", (*there, word))
        week.command("ticket", "set", ticket.number, f"--{what if what == 'category' else 'tag'}", f"{sign}{word}", "--as", who)  # fmt: skip
        book.words(ticket, column, after, who)


def session(week: "Week", who: str, ticket: Ticket) -> None:
    """Open, pause, resolve or close a conversation, as its state allows."""
    state = ticket.session.state
    can = [what for what in ("open", "pause", "resolve", "close") if state in MOVES[what]]
    if not can:
        return
    what = week.rng.choice(can)
    week.command("session", what, ticket.number, "--as", who)
    week.book.move(ticket, ticket.session, MOVES[what][state], who)


def close(week: "Week", who: str, ticket: Ticket) -> None:
    """Close a ticket, sometimes as solved and with a note."""
    if ticket.over:
        return
    book, how = week.book, week.rng.choice(("close", "note", "solved"))
    match how:
        case "solved":
            week.command("ticket", "set", ticket.number, "--status", "solved", "--as", who)
        case "note":
            week.command("ticket", "close", ticket.number, "--note", "found", "--as", who)
            book.entry(ticket, "comment", who)
        case _:
            week.command("ticket", "close", ticket.number, "--as", who)
    book.move(ticket, ticket.session, "closed", who)
    book.change(ticket, "status", "solved" if how == "solved" else "closed", who)


def reopen(week: "Week", who: str, ticket: Ticket) -> None:
    """Open a closed ticket again, and its conversation with it."""
    if not ticket.over:
        return
    week.command("ticket", "reopen", ticket.number, "--as", who)
    book = week.book
    match ticket.session.state:
        case "resolved":
            book.move(ticket, ticket.session, "reopened", who)
        case "closed":
            book.activity(ticket, "outgoing", who)
    book.change(ticket, "status", "open", who)
    book.share_new_session(ticket)


def merge(week: "Week", who: str, ticket: Ticket) -> None:
    """Make a ticket part of another one, best of the same customer."""
    book = week.book
    others = [one for one in reach(book, who) if one is not ticket]
    if not others:
        return
    same = [one for one in others if one.contact is ticket.contact]
    into = week.rng.choice(same or others)
    week.command("ticket", "merge", ticket.number, into.number, "--as", who)
    book.move(ticket, ticket.session, "closed", who)
    if not ticket.over:
        book.change(ticket, "status", "closed", who)
    ticket.merged = into
    for one in book.reminders:
        if one.ticket.root is into:
            one.ticket = into
    for address, how in ticket.part.items():
        into.part.setdefault(address, how)
    book.noted(ticket, who, "merged into", "", into.number)
    book.noted(into, who, "merged", "", ticket.number)
    book.stale.append(ticket)
    author = ticket.contact.address
    if ticket.contact is not into.contact and not into.part.get(author, ("", False))[1]:
        _part(book, into, author, "author", who)


def _part(book: Book, ticket: Ticket, address: str, role: str, who: str) -> None:
    before = ticket.part.get(address)
    old = f"{address} ({before[0]}{'' if before[1] else ', not confirmed'})" if before else ""
    ticket.part[address] = (role, True)
    book.noted(ticket, who, "participant", old, f"{address} ({role})")


def _mails(book: Book, ticket: Ticket) -> list[Entry]:
    """Return the mails that came in and show at a ticket."""
    return [
        one for t in book.tickets for one in t.entries if one.kind == "incoming" and shows_under(one, ticket)
    ]


def split(week: "Week", who: str, ticket: Ticket) -> None:
    """Take one or two of several mails out into a new ticket; from the one that has most where this has too few."""
    book = week.book
    if len(_mails(book, ticket)) < 2:
        ticket = max(reach(book, who), key=lambda one: len(_mails(book, one)))
    mails = _mails(book, ticket)
    if len(mails) < 2:
        return
    chosen = week.rng.sample(mails, min(len(mails) - 1, week.rng.choice((1, 2))))
    ids = {week.entry_of(one.mail): one for one in chosen}
    subject = f"{ticket.fields['subject']}, part of {len(book.tickets)}"
    printed = week.command(
        "ticket", "split", ticket.number, *map(str, ids), "--subject", subject, "--as", who
    )
    number = week.new_number(printed)
    first = [ids[key] for key in sorted(ids)]
    contact = next((book.contact_of(one.author) for one in first if not one.unverified), ticket.contact)
    assert contact is not None
    new = opened(book, number, contact, **{**ticket.fields, "status": "open", "subject": subject})
    new.tags, new.categories = ticket.tags, ticket.categories
    remember_first(new)
    for one in first:
        if not one.unverified and book.contact_of(one.author) is not contact and not new.part.get(one.author):
            _part(book, new, one.author, "author", who)
    for one in first:
        one.home = new
    book.noted(ticket, who, "split into", "", number)
    book.noted(new, who, "split from", "", ticket.number)
    book.links |= {(number, ticket.number, "split-from"), (ticket.number, number, "split-into")}
    book.share(new)


def link(week: "Week", who: str, ticket: Ticket) -> None:
    """Tie two tickets, the later one to the earlier one."""
    book = week.book
    others = [one for one in reach(book, who) if one.id < ticket.id]
    if not others:
        return
    other, kind = week.rng.choice(others), week.rng.choice(("related", "duplicate", "follow-up"))
    week.command("ticket", "link", ticket.number, other.number, "--kind", kind, "--as", who)
    for one, two, word in ((ticket, other, kind), (other, ticket, INVERSE[kind])):
        if (one.number, two.number, word) not in book.links:
            book.links.add((one.number, two.number, word))
            book.noted(one, who, "link", "", f"{SAID[word]}{two.number}")


def remind(week: "Week", who: str, ticket: Ticket) -> None:
    """Make a reminder for oneself, or end one."""
    book = week.book
    mine = [one for one in book.reminders if one.ticket.root is ticket and one.done_by in {"", "told"}]
    if mine:
        one = week.rng.choice(mine)
        sql = "SELECT id FROM follow_up WHERE ticket_id = ? AND agent = ? AND at = ? AND note = ?"
        (found,) = week.ask(sql, ticket.id, one.agent, one.at, one.note)
        week.command("ticket", "followup", "done", str(found["id"]), "--as", who)
        one.done, one.done_by = book.now, who
        book.noted(ticket, who, "follow-up", one.said, "done")
        return
    days = week.rng.choice((1, 2, 40))
    one = Reminder(ticket, who, book.now + days * DAY, f"ask again {len(book.reminders)}", who, book.now)
    week.command("ticket", "followup", "add", ticket.number, f"{days}d", one.note, "--for", who, "--as", who)
    book.reminders.append(one)
    book.noted(ticket, who, "follow-up", "", one.said)


def tell_reminders(week: "Week") -> bool:
    """Let reminders that are due be told; whether there were any."""
    book = week.book
    due = [one for one in book.reminders if not one.done and one.at <= book.now]
    for one in due:
        one.done, one.done_by = book.now, "told"
        book.noted(one.ticket, "timer follow-up", "follow-up", one.said, "due")
        book.outbox["notice", AGENTS[one.agent], one.ticket.number, "timer follow-up"] += 1
    return bool(due)


def invite(week: "Week", who: str, ticket: Ticket) -> None:
    """Let a colleague of the customer take part."""
    address = f"boss@{ticket.contact.address.partition('@')[2]}"
    if address in ticket.part or week.book.contact_of(address) is ticket.contact:
        return
    week.command("ticket", "participant", "add", ticket.number, address, "--as", who)
    _part(week.book, ticket, address, "cc", who)


Act = Callable[["Week", str, Ticket], None]
ACTS: dict[Act, int] = {
    reply: 30, pend: 10, comment: 8, assign: 14, dispatch: 5, move: 6, describe: 12, session: 16, close: 12, reopen: 4, merge: 4,
    split: 5, link: 4, remind: 6, invite: 3,
}  # fmt: skip

"""Companies: listed by name, changed, and two of them made one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from peewee import fn

from mailgate.domain.contact import company_key
from mailgate.domain.deskerror import DeskError, NotThere, Stale
from mailgate.domain.people.stale import differences
from mailgate.store.contacts import LAST, Asked, Row, find_company, octets, rows
from mailgate.store.models.audit import Audit
from mailgate.store.models.people import Company, Contact
from mailgate.store.models.tickets import Ticket
from mailgate.store.pack import clean
from mailgate.store.transaction import Transaction

# Rows that follow a merge in one transaction: it must not keep the gateway waiting.
STEP: Final = 500


@dataclass(frozen=True, slots=True)
class Moved:
    """What a merge moved in one transaction; `more` says that it is to be called again."""

    contacts: int
    tickets: int
    more: bool = False


def companies(asked: Asked, term: str, after: int, limit: int) -> list[Row]:
    """Return a page of companies whose name begins so, each with the number of its contacts."""
    query = Company.select()
    if term:
        folded, key = octets(Company.folded), company_key(term)
        query = query.where((folded >= key) & (folded < key + LAST)).order_by(folded)
    else:
        query = query.where(Company.id > after).order_by(Company.id)
    found = rows(asked, query.limit(limit))
    ids = [row["id"] for row in found]
    counts = {row["company_id"]: row["n"] for row in rows(asked, _counts(ids))}
    return [{**row, "contacts": counts.get(row["id"], 0)} for row in found]


def _counts(ids: list[int]) -> Any:
    mine = Contact.company_id.in_(ids) & (Contact.company_id > 0) & (Contact.merged_into == 0)
    columns = (Contact.company_id, fn.COUNT(Contact.id).alias("n"))
    return Contact.select(*columns).where(mine).group_by(Contact.company_id)


def company(asked: Asked, name: str) -> Row:
    """Return a company by its id, name or domain; NotThere where there is none."""
    company_id = find_company(asked, name) or (int(name) if name.isascii() and name.isdigit() else 0)
    found = rows(asked, Company.select().where(Company.id == company_id))
    if not found:
        raise NotThere(f"there is no company {name!r}; `mailgate company list` shows them")
    return found[0]


def history(asked: Asked, company_id: int, limit: int) -> list[Row]:
    """Return the newest changes of a company."""
    query = Audit.select().where(Audit.subject == f"company {company_id}")
    return rows(asked, query.order_by(Audit.id.desc()).limit(limit))


def change(
    tx: Transaction, name: str, said: Mapping[str, str], who: str, *, if_version: int | None = None
) -> tuple[Row, dict[str, str]]:
    """Set name, domain or note of a company; returns it as it was and the values that changed.

    Raises DeskError where the name or the domain is another company's, Stale as for contacts.
    """
    present = _at(tx, name, if_version)
    changes = {key: clean(value) for key, value in said.items() if clean(value) != present[key]}
    for key in ("name", "domain"):
        other = find_company(tx, changes[key]) if changes.get(key) else 0
        if other not in {0, present["id"]}:
            raise DeskError(
                f"{changes[key]!r} is company {other} already; `mailgate company merge` joins them"
            )
    if not changes:
        return present, {}
    columns: dict[Any, Any] = {getattr(Company, key): value for key, value in changes.items()}
    if "name" in changes:
        columns[Company.folded] = company_key(changes["name"])
        if not present["domain"] and "." in present["folded"] and "domain" not in changes:
            # Its name was its domain: mails from there go on finding it.
            columns[Company.domain] = present["folded"]
    columns |= {Company.version: Company.version + 1, Company.touched_at: tx.now_ms}
    tx.query(Company.update(columns).where(Company.id == present["id"]))
    _audit(tx, who, "company set", present["id"], {key: present[key] for key in changes}, changes)
    return present, changes


def _at(tx: Transaction, name: str, if_version: int | None) -> Row:
    present = company(tx, name)
    if if_version is not None and present["version"] != if_version:
        past = history(tx, present["id"], max(present["version"] - if_version, 1))
        what = f"company {present['name']}"
        raise Stale(what, if_version, present["version"], differences(past))
    return present


def merge(
    tx: Transaction, keep: str, other: str, who: str, *, if_version: int | None = None, dry: bool = False
) -> Moved:
    """Give contacts and tickets of one company to another; the emptied one goes, its domain stays known.

    Both follow in steps: while `more` says so, call it again.
    """
    kept, gone = _at(tx, keep, if_version), company(tx, other)
    if kept["id"] == gone["id"]:
        raise DeskError(f"{keep!r} and {other!r} are one company already")
    mine = (Contact.company_id == gone["id"]) & (Contact.company_id > 0)
    if dry:
        people = tx.query(Contact.select(fn.COUNT(Contact.id)).where(mine)).fetchone()[0]
        return Moved(int(people), 0)
    ids = [row["id"] for row in rows(tx, Contact.select(Contact.id).where(mine).limit(STEP))]
    moved = _tickets(tx, ids, kept["id"])
    columns = {Contact.company_id: kept["id"], Contact.version: Contact.version + 1}
    tx.query(Contact.update({**columns, Contact.touched_at: tx.now_ms}).where(Contact.id.in_(ids)))
    if len(ids) == STEP:
        return Moved(len(ids), moved, more=True)
    # Tickets of people who work elsewhere by now are still the company's.
    left = (Ticket.company_id == gone["id"]) & (Ticket.company_id > 0)
    moved += int(tx.query(Ticket.update(company_id=kept["id"]).where(left)).rowcount)
    tx.query(Company.delete().where(Company.id == gone["id"]))
    after = {"merged": gone["name"], "contacts": len(ids)}
    if gone["domain"] and not kept["domain"]:
        after["domain"] = gone["domain"]
        tx.query(Company.update(domain=gone["domain"]).where(Company.id == kept["id"]))
    grown = {Company.version: Company.version + 1, Company.touched_at: tx.now_ms}
    tx.query(Company.update(grown).where(Company.id == kept["id"]))
    _audit(tx, who, "company merge", kept["id"], {"domain": kept["domain"]}, after)
    return Moved(len(ids), moved)


def _tickets(tx: Transaction, contact_ids: list[int], company_id: int) -> int:
    """Let the tickets of these contacts follow; they are found by the index on their contact."""
    mine = Ticket.contact_id.in_(contact_ids)
    return int(tx.query(Ticket.update(company_id=company_id).where(mine)).rowcount)


def _audit(
    tx: Transaction,
    who: str,
    action: str,
    company_id: int,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> None:
    detail = json.dumps({"before": dict(before), "after": dict(after)}, ensure_ascii=False)
    tx.add(tx.hot.people.audit, (tx.now_ms, clean(who), action, f"company {company_id}", clean(detail)))

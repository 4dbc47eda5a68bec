"""Files of templates (G20): what goes along with an answer that a template makes, and images in its HTML.

Their octets are blobs; rows name them by their digest. They belong to the catalogue: a change of them is a
change of it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from mailgate.domain.draft import Attachment
from mailgate.store import queries
from mailgate.store.connection import Connection
from mailgate.store.models.audit import Audit
from mailgate.store.models.business import TemplateFile
from mailgate.store.models.outgoing import OutboxFile
from mailgate.store.pack import clean
from mailgate.store.transaction import Transaction

Files = Mapping[str, tuple[Attachment, ...]]
FIELDS: Final = ("template", "name", "kind", "size", "cid", "blob")


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that comes to a template, or goes; `replaces` one of the same name."""

    action: Literal["attach", "detach"]
    template: str
    file: Attachment
    replaces: bool = False


def template_files(connection: Connection) -> dict[str, tuple[Attachment, ...]]:
    """Return the files of all templates that have any, in the order of their names."""
    found = defaultdict[str, list[Attachment]](list)
    query = TemplateFile.select().order_by(TemplateFile.template, TemplateFile.name)
    for row in queries.rows(connection, query):
        found[row["template"]].append(_file(row))
    return {template: tuple(files) for template, files in found.items()}


def _file(row: Mapping[str, Any]) -> Attachment:
    return Attachment(row["name"], row["kind"], blob=row["blob"], size=row["size"], cid=row["cid"])


def plan(present: Files, wanted: Files) -> tuple[FileChange, ...]:
    """Return what makes each template that is named in `wanted` have exactly those files."""
    changes: list[FileChange] = []
    for template, files in wanted.items():
        there = {one.name: one for one in present.get(template, ())}
        changes += [
            FileChange("attach", template, one, one.name in there)
            for one in files
            if there.get(one.name) != one
        ]
        names = {one.name for one in files}
        changes += [FileChange("detach", template, one) for one in there.values() if one.name not in names]
    return tuple(changes)


def apply_files(tx: Transaction, changes: Sequence[FileChange], who: str) -> int:
    """Write the changes, each with its line in the audit, and let everybody know; returns how many.

    The blobs are there already.
    """
    for one in changes:
        _remove(tx, one.template, one.file.name)
        if one.action == "attach":
            file = one.file
            values = (one.template, file.name, file.kind, file.size, file.cid, file.blob)
            columns: dict[str, Any] = dict(zip(FIELDS, values, strict=True))
            tx.query(TemplateFile.insert(**columns, changed_at=tx.now_ms))
        tx.query(
            Audit.insert(
                at=tx.now_ms,
                who=clean(who),
                action=f"template {one.action}",
                subject=clean(one.template),
                detail=clean(one.file.name),
            )
        )
    if changes:
        tx.execute(tx.hot.out.bump_catalogue, (tx.now_ms,))
        tx.signals.add("catalogue")
    return len(changes)


def _remove(tx: Transaction, template: str, name: str) -> None:
    tx.query(TemplateFile.delete().where((TemplateFile.template == template) & (TemplateFile.name == name)))


def forget_files(tx: Transaction, template: str) -> None:
    """Remove the files of a template that goes; those of mails that are written already stay."""
    tx.query(TemplateFile.delete().where(TemplateFile.template == template))


def is_named(connection: Connection, digest: bytes) -> bool:
    """Whether a template or a mail of ours in the outbox names a blob of this digest (for the sweep)."""
    name = digest.hex()
    questions = (
        TemplateFile.select(TemplateFile.name).where(TemplateFile.blob == name),
        OutboxFile.select(OutboxFile.outbox_id).where(OutboxFile.blob == name),
    )
    return any(_found(connection, query) for query in questions)


def _found(connection: Connection, query: Any) -> bool:
    sql, values = query.limit(1).sql()
    return connection.execute(sql, tuple(values)).fetchone() is not None


def named_blobs(connection: Connection) -> Iterable[str]:
    """Return the names of all blobs that templates and mails of ours in the outbox need, each once."""
    both = TemplateFile.select(TemplateFile.blob) | OutboxFile.select(OutboxFile.blob)
    sql, values = both.sql()
    return {row[0] for row in connection.execute(sql, tuple(values)).fetchall()}

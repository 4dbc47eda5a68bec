"""What all tables have in common.

Models define the schema and serve commands and tests; the hot statements are compiled from them once
(`store/statements.py`). Times are epoch milliseconds UTC in a big integer. Ids are given by us, so a row
can be named before it is written. There are no foreign keys: every row comes out of one function in
`store/apply.py` with ids that were given in the same transaction, and `store/checkup.py` finds orphans.
"""

from peewee import SQL, BigIntegerField, Model, TextField


class Row(Model):  # type: ignore[misc,unused-ignore]
    """The base of all tables; bound to a database when one is opened (`store/db.py`)."""

    class Meta:
        """Table names are the class names in snake case."""

        legacy_table_names = False


def text_column() -> TextField:
    """Return a column of text that is never NULL."""
    return TextField(default="")


def int_column() -> BigIntegerField:
    """Return a column of whole numbers that is never NULL."""
    return BigIntegerField(default=0)


def added_text() -> TextField:
    """Return a column of text that a later migration added: rows from before have its default."""
    return TextField(constraints=[SQL("DEFAULT ''")])


def added_int() -> BigIntegerField:
    """Return a column of whole numbers that a later migration added."""
    return BigIntegerField(constraints=[SQL("DEFAULT 0")])

"""Who may come in, and who is there."""

from peewee import TextField

from mailgate.store.models.base import Row, int_column, text_column


class Presence(Row):
    """An agent who is at work until a time, unless it is said again (G15)."""

    agent = TextField(primary_key=True)
    since = int_column()
    until = int_column()

    class Meta:
        """The agent is the row's place."""

        without_rowid = True


class Credential(Row):
    """An agent's password, as argon2 keeps it."""

    agent = TextField(primary_key=True)
    password = text_column()
    changed_at = int_column()

    class Meta:
        """The agent is the row's place."""

        without_rowid = True


class LoginLink(Row):
    """A link that lets an agent in once; only its SHA-256 in hexadecimal is kept."""

    digest = TextField(primary_key=True)
    agent = text_column()
    made_at = int_column()
    until = int_column()
    used_at = int_column()

    class Meta:
        """The digest is the row's place."""

        without_rowid = True

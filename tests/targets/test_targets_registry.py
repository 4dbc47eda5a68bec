"""Targets are found by looking in their folder."""

import asyncio

import pytest
from targetkit import new_job

from mailgate.domain.target import Sent, TargetKind
from mailgate.registry import discover

KINDS = discover("mailgate.targets", "TARGET")
OPTIONS = {
    "maildir": {"path": "/nowhere"},
    "lmtp": {"address": "tcp:127.0.0.1:24"},
    "smtp": {"host": "127.0.0.1"},
    "null": {},
    "pipe": {"command": ("/bin/cat",)},
    "webhook": {"url": "https://hooks.example.org/mail"},
}


def test_every_kind_of_the_settings_is_there():
    """The folder holds these kinds and no other."""
    assert KINDS.keys() == OPTIONS.keys()


@pytest.mark.parametrize("name", OPTIONS)
def test_a_kind_opens_its_target_from_its_options(name):
    """Opening connects to nothing; a target says how much it takes, and can be closed unused."""

    async def run():
        kind = KINDS[name]
        assert isinstance(kind, TargetKind)
        target = kind.make(kind.options(**OPTIONS[name]))
        assert target.parallel >= 1
        assert target.batch >= 1
        await target.close()

    asyncio.run(run())


def test_null_takes_everything():
    """It says of each job that it is done."""

    async def run():
        kind = KINDS["null"]
        return await kind.make(kind.options()).deliver([new_job(1), new_job(2)])

    assert asyncio.run(run()) == [Sent("dropped"), Sent("dropped")]

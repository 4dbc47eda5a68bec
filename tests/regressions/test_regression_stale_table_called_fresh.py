"""Changed business data that could not be read was called fresh, so new addresses were told 550."""

import sqlite3

import gatewayrun

from mailgate.business import Business
from mailgate.config.settings import load
from mailgate.places import load_keys, store_options
from mailgate.store.db import open_store

BUSINESS = {"one.toml": '[[address]]\naddress = "a@house.example"\n'}


def test_a_table_that_cannot_be_read_stays_stale():
    """The version has moved and the rows cannot be read: stale until they can, and the complaint is told."""
    with gatewayrun.gateway(business=BUSINESS, start=False) as one:
        settings = load(one.config)
        store = open_store(store_options(settings))
        told: list[str] = []
        business = Business(store, settings, load_keys(settings.keys_path), told.append)
        business.reload()
        assert not business.stale
        with sqlite3.connect(one.state / "mailgate.sqlite") as other:
            other.execute("ALTER TABLE address RENAME TO elsewhere")
            other.execute("UPDATE catalogue_version SET version = version + 1")
        business.follow()
        assert business.stale
        assert "address" in told[-1]
        other.execute("ALTER TABLE elsewhere RENAME TO address")
        other.close()
        business.follow()
        assert not business.stale
        store.close()

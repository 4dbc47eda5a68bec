"""`mailgate log` looked a queue id up by walking through every mail: the query did not repeat its index's condition."""

import pytest
from gatewayrun import gateway

from mailgate.config.settings import load
from mailgate.places import store_options
from mailgate.store import queries
from mailgate.store.db import open_store


@pytest.mark.parametrize("term", ["Q1", "<1@example.org>"])
def test_a_mail_is_looked_up_by_index(term):
    """Queue id, Message-ID and trace id each have an index, and it is used."""
    plans = []

    class Explaining:
        def __init__(self, connection):
            self.connection = connection

        def execute(self, sql, values=()):
            plans.extend(
                row[3] for row in self.connection.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
            )
            return self.connection.execute(sql, values)

    with gateway(start=False) as one:
        store = open_store(store_options(load(one.config)))
        with queries.reading(store) as connection:
            queries.find_deliveries(Explaining(connection), term)
        store.close()
    assert plans
    assert not [plan for plan in plans if plan.startswith("SCAN")]

"""The gateway, and the journey of one mail through it.

1. `intake/lmtp.py` takes the envelope and the octets and answers RCPT from memory (`domain/routing.py`).
2. `pipeline.py` is the journey: `accept_each` for LMTP, `accept_all` where one reply speaks for all.
3. `domain/message/view.py` reads the octets without changing them.
4. `checks/dkim.py` and its neighbours establish facts (`domain/facts.py`) before the rules run.
5. `store/blobs.py` puts large octets on disk, `store/writer.py` gathers what waits into one commit.
6. `store/unit.py` gives each recipient a savepoint in which `rules/decide.py` runs the script.
7. `actions/` plan effects (`domain/effects.py`), `domain/gate.py` has to agree, `store/apply.py` makes rows.
8. One COMMIT; then the replies, one per recipient, and a line each by `maillog.py`.
9. `outbox/worker.py` is woken, composes (`outbox/compose.py`), and hands mail to a target of `targets/`.
10. `app.py` builds all of this from the settings; `cli/` and `control.py` are how people reach it.
"""

"""What the business may change, as the running gateway sees it: the newest readable version of it.

Reading happens in a thread; the snapshot that RCPT and the units use is swapped in one assignment. When the
database cannot be asked, the last snapshot stays and is marked stale: then nobody is told "unknown" for good.
"""

import gc
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from mailgate import vocabulary, wiring
from mailgate.config.settings import Settings
from mailgate.config.version import program_version
from mailgate.domain.gate import Gate
from mailgate.domain.routing import OWN_STORE, Catalogue
from mailgate.rules.decide import Decider
from mailgate.rules.scripts import ScriptBook, compile_book
from mailgate.store.business import catalogue_version, load_catalogue
from mailgate.store.db import Store
from mailgate.store.read import UnitReader
from mailgate.store.transaction import EPOCH, Transaction
from mailgate.store.unit import UnitRules

# The target that needs no table in the settings: mailgate's own database.
# Where compiled scripts are kept, below the state folder.
PROGRAMS = "programs"


class ScriptFiles:
    """Compiled scripts as files of the state folder; a file that fails costs a compilation, no more.

    What nobody has asked for since the last look is another version's, or a script's that is gone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._asked: set[str] = set()

    def get(self, key: str) -> bytes | None:
        """Return what was kept under a key."""
        self._asked.add(key)
        try:
            return (self._folder / key).read_bytes()
        except OSError:
            return None

    def put(self, key: str, octets: bytes) -> None:
        """Keep a compiled script: whole or not at all."""
        beside = self._folder / f".{key}.{os.getpid()}"
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            beside.write_bytes(octets)
            beside.replace(self._folder / key)
        except OSError:
            with suppress(OSError):
                beside.unlink(missing_ok=True)

    def forget_others(self) -> None:
        """Remove what this process did not ask for."""
        if not self._folder.is_dir():
            return
        for path in self._folder.iterdir():
            if path.name not in self._asked:
                with suppress(OSError):
                    path.unlink()


class Business:
    """The catalogue, the compiled scripts and the unit's rules made of them.

    `reloaded` is told after each reading: "" or what went wrong. `relay_rests_until` is the worker's word.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        keys: tuple[bytes, ...],
        reloaded: Callable[[str], None],
        relay_rests_until: Callable[[], datetime] = lambda: EPOCH,
    ) -> None:
        self._store, self._settings, self._reloaded = store, settings, reloaded
        self._keys = keys
        self._relay_rests_until = relay_rests_until
        self._registry = vocabulary.language()
        self._saved = ScriptFiles(settings.state_path(PROGRAMS))
        self._turn = threading.Lock()
        self.stale = True
        self.catalogue = Catalogue(version=-1)
        self.scripts = ScriptBook()
        self._decider = Decider(
            wiring.plan_policy(settings, keys), vocabulary.actions(), lambda: self.scripts
        )
        self.rules = self._unit_rules()

    def own(self) -> frozenset[str]:
        """Return our own addresses, folded."""
        return self.catalogue.own

    def reload(self) -> str:
        """Read everything anew; returns "" or why that failed. Safe from any thread."""
        error = ""
        with self._turn:
            try:
                self._read()
            except Exception as fault:  # noqa: BLE001  the last version goes on, whatever happened
                self.stale = True
                error = f"{type(fault).__name__}: {fault}"
        self._reloaded(error)
        return error

    def follow(self) -> None:
        """Read anew if the version counter has moved; mark the snapshot stale while it cannot be read."""
        try:
            with closing(self._store.reader()) as connection:
                version = catalogue_version(connection)
        except Exception as fault:  # noqa: BLE001  tried again in a second
            if not self.stale:
                self.stale = True
                self._reloaded(f"{type(fault).__name__}: {fault}; mail is deferred until it can be read")
            return
        if version != self.catalogue.version:
            self.reload()
        else:
            self.stale = False

    def _read(self) -> None:
        with closing(self._store.reader()) as connection:
            catalogue = load_catalogue(
                connection,
                recipient_delimiter=self._settings.rules.recipient_delimiter,
                listed=vocabulary.listed_names(self._settings),
            )
        scripts = self._compiled(catalogue)
        self.catalogue, self.scripts = catalogue, scripts
        self.rules = self._unit_rules()
        self.stale = False

    def _compiled(self, catalogue: Catalogue) -> ScriptBook:
        """Compile what has changed; the cycle collector finds nothing in it, and would double the time."""
        settings, watched = self._settings, gc.isenabled()
        gc.disable()
        try:
            return compile_book(
                catalogue,
                self._registry,
                self.scripts,
                vocabulary.script_limits(settings),
                vocabulary.told(settings),
                saved=self._saved,
                version=program_version(),
            )
        finally:
            if watched:
                gc.enable()

    def tidy(self) -> None:
        """Remove compiled scripts that are no longer asked for; after the first reading of a gateway."""
        if not self.stale:
            self._saved.forget_others()

    def may_digest(self, tx: Transaction, address: str) -> Sequence[tuple[str, str]] | None:
        """Ask the gate inside the transaction that writes a digest: what to count, None if it must wait."""
        return self._gate().digest(address, UnitReader(tx))

    def _gate(self) -> Gate:
        return Gate(wiring.gate_policy(self._settings, self.catalogue))

    def _unit_rules(self) -> UnitRules:
        gate = self._gate()
        return UnitRules(
            self._decider,
            self.catalogue,
            gate,
            tries=self._settings.limits.tries,
            relay_rests_until=self._relay_rests_until,
            followers=wiring.followers(self._settings, self._keys, self.catalogue),
            locks=wiring.locks(self.catalogue),
            blobs=self._store.blobs,
            undo_ms=wiring.undo_ms(self._settings),
        )

    def unknown_targets(self) -> dict[str, str]:
        """Return addresses whose target is in no settings file: their mail waits in the outbox."""
        known = {OWN_STORE, *self._settings.targets}
        routes = (*self.catalogue.routes.values(), *self.catalogue.patterns)
        return {route.address: route.target for route in routes if route.target not in known}

"""Turns of the worker's own loops, one behind the other in this thread, until nothing waits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from nudge.domain.journal.fold_name import FoldName
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.wiring.worker import NAMES, Worker, loops_of

OWNER: Final = "history"
TTL: Final = 3600.0
"""Seconds of the moved clock: nobody else takes turns meanwhile."""
READERS: Final = (
    FoldName.ATTRIBUTE,
    FoldName.MONITOR,
    FoldName.CARE,
    FoldName.SEGMENT,
    FoldName.LEARN,
)
"""Folds that read each record, the one that writes records first."""


class FoldTurns:
    """The folds and loops of a worker, taken in turns. Use it from one thread."""

    def __init__(self, settings: Settings, store: Store) -> None:
        # Each turn of the archive is due: when there is one is said here.
        worker = Worker(replace(settings, archive_every=0.0), store, OWNER, TTL)
        self._loops: dict[str, Any] = dict(loops_of(worker, NAMES))

    def catch_up(self) -> None:
        """Let time pass in silent partitions, and take turns until no record waits."""
        self._loops["heartbeat"].turn()
        # attribute and care append records of their own, which all read again.
        while sum(self._read(name) for name in READERS):
            pass

    def _read(self, name: str) -> int:
        """Let one fold read until nothing waits for it; return how many entries it read."""
        done = 0
        while some := self._loops[name].turn():
            done += some
        return done

    def judge(self, at: float) -> int:
        """Take the turn of the monitors; return how many alarms changed."""
        return len(self._loops["alarms"].turn(at))

    def publish(self, at: float) -> None:
        """Publish what was learned."""
        self._loops["publish"].turn(at)
        self._loops["stock"].turn()

    def assign(self) -> None:
        """Assign cases, and put win-back in order."""
        self._loops["assigner"].turn()
        self._loops["winback"].turn()

    def archive(self) -> None:
        """Copy what waits to the lake, and trim the journal."""
        self._loops["archive"].turn()

    def answer(self, kind: str) -> bool:
        """Answer one question of a kind; return whether there was one."""
        return bool(self._loops[kind].turn())

    def release(self) -> None:
        """Give every lease back: the service goes on at once."""
        for name in (*READERS, "archive", "alarms", "publish", "guard"):
            self._loops[name]._release()  # noqa: SLF001 - see `run` of each loop

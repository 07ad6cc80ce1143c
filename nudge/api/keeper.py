"""Thread that empties the spool as soon as the store is back, without a restart."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog

from nudge.api.metrics import SpoolMetrics
from nudge.clock import monotonic, sleep
from nudge.domain.alarms.process_figures import ProcessFigures
from nudge.errors import NudgeError, StoreAwayError
from nudge.flows.serving.drain import drain
from nudge.spool.spool import Spool
from nudge.store.store import Store
from nudge.store.wire.client import Client

EVERY: Final = 0.5
"""Seconds between two looks at the spool's directory."""
NOTE_EVERY: Final = 10.0
"""Seconds between two notes of the process in the store."""

log = structlog.get_logger()


@dataclass
class Keeper:
    """The keeper of a process's spool: it empties the spool and publishes its figures.

    Attributes:
        hot: the page path's client, whose breaker says when the store is back.
        patient: the store, over a client that may wait, for this thread.
        served: returns the version of the policy that the process serves, by slot.
        name: of the process, in its notes.
    """

    spool: Spool
    hot: Client
    patient: Store
    metrics: SpoolMetrics
    served: Callable[[], Mapping[str, str]] = dict
    name: str = field(default_factory=lambda: secrets.token_hex(8))
    _fullest: float = 0.0
    _due: float = 0.0
    _taken: int = 0
    _refused: int = 0

    def look(self) -> None:
        """Publish the spool's figures, reserve its space, and empty it if the store answers.

        Raises:
            NudgeError: the disk has no space, or the store went away; what is left is kept.
        """
        away = bool(self.hot.breaker and self.hot.breaker.is_open)
        self.tell(away=away)
        self.spool.reserve()
        if away:
            return
        self.spool.hand_over()
        drained = drain(self.patient, self.spool)
        if drained:
            self.metrics.drained.inc(drained)
            log.info("spool_drained", records=drained)
        self.note()

    def note(self) -> None:
        """Write the process's figures to the store, where it is time.

        The fullest moment since the last note is told: a spool fills while nothing can be written.

        Raises:
            NudgeError: the store does not take it; the next note tells it.
        """
        if monotonic() < self._due:
            return
        self._due = monotonic() + NOTE_EVERY
        self.patient.process_notes.put(self.name, ProcessFigures(self._fullest, self.served()))
        self._fullest = 0.0

    def tell(self, *, away: bool) -> None:
        """Update the spool's figures."""
        taken, refused = self.spool.taken, self.spool.refused
        self.metrics.taken.inc(taken - self._taken)
        self.metrics.refused.inc(refused - self._refused)
        self._taken, self._refused = taken, refused
        self.metrics.pending.set(self.spool.pending)
        self._fullest = max(self._fullest, self.spool.used)
        self.metrics.used.set(self.spool.used)
        self.metrics.away.set(away)


def start(
    spool: Spool,
    hot: Client,
    patient: Store,
    metrics: SpoolMetrics,
    served: Callable[[], Mapping[str, str]],
) -> threading.Thread:
    """Start the thread that keeps the spool; call this once in each process.

    Args:
        spool: spool of this process.
        hot: the page path's client, whose breaker says when the store is back.
        patient: the store, over a client that may wait, for this thread.
        metrics: figures of the spool.
        served: returns the version of the policy that the process serves, by slot.
    """
    keeper = Keeper(spool, hot, patient, metrics, served)
    thread = threading.Thread(target=_run, args=(keeper,), name="spool", daemon=True)
    thread.start()
    return thread


def _run(keeper: Keeper) -> None:
    while True:
        try:
            keeper.look()
        except StoreAwayError:
            pass  # it went away again: what is left is kept, and looked at next time
        except NudgeError as error:
            log.warning("spool_trouble", error=str(error))
        except Exception:
            # Without this thread what was acknowledged would wait on disk until a restart.
            log.exception("spool_broken")
        sleep(EVERY)

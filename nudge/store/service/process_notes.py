"""Notes of web processes in the store: the figures that only they know, while they live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import orjson

from nudge.domain.alarms.process_figures import ProcessFigures
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

LIFETIME: Final = 60.0
"""Seconds, by the store's clock, after which a process that tells nothing is taken to be gone."""


@dataclass(frozen=True)
class ProcessNotes:
    """The notes of an installation's web processes: each writes its own over the one before."""

    client: Client
    keys: Keys

    def put(self, process: str, figures: ProcessFigures) -> None:
        """Write the figures of a process, and forget those of processes that are gone.

        Raises:
            StoreAwayError: no answer; the next note takes its place.
        """
        told = orjson.dumps(figures.plain)
        self.client.run(
            "note_process", [self.keys.config("processes")], [process, told, int(LIFETIME * 1000)]
        )

    def read(self) -> dict[str, ProcessFigures]:
        """Return the figures of the living processes, by their names."""
        rows = self.client.read_hash(self.keys.config("processes"))
        return {
            name.decode(): ProcessFigures.read(orjson.loads(text.partition(b" ")[2]))
            for name, text in rows.items()
        }

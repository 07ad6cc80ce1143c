"""Live cases written to a lake as the archive writes them, and fitted from there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from bandits.units import DAY
from nudge.domain.care.case import opening_record
from nudge.domain.care.signal import Signal
from nudge.domain.care.warning_rule import CaseKind, EventTest, WarningRule
from nudge.domain.journal.records import Event, JournalEntry, Ref
from nudge.domain.winback.live_table import LivePerson
from nudge.domain.winback.uplift_in_force import UpliftInForce
from nudge.flows.winback.live_effect import fit_uplift
from nudge.lake.engine.query import connect
from nudge.lake.files import manifest, writer
from nudge.lake.files.manifest import Manifest, Range
from nudge.lake.files.reader import Lake

WITHIN: Final = 1.0 * DAY
Timed = tuple[float, Event]


def fitted_from_lake(root: Path, people: Sequence[LivePerson], at: float) -> UpliftInForce:
    """Return the uplift as the worker fits it, from records of people's cases and payments.

    Args:
        root: of the lake.
        people: each with a case.
        at: seconds, of the openings.
    """
    records = sorted(_records(people, at), key=lambda one: one[0])
    entries = [JournalEntry(0, n, when, one) for n, (when, one) in enumerate(records, 1)]
    of, lake = Range(0, 0, len(entries)), Lake(root)
    files = writer.write(lake.root, [of], [entries], _no_decisions)
    manifest.write(lake.root, Manifest(of, files[0], entries[-1].stamp))
    return fit_uplift(connect(lake), at + 2.0 * WITHIN, WITHIN)


def _no_decisions(refs: Sequence[Ref]) -> list[str]:
    return [f"{one}" for one in refs]


def _records(people: Sequence[LivePerson], at: float) -> Iterator[Timed]:
    for n, one in enumerate(people):
        subject, opened = f"{n:032x}", at + 0.01 * n
        rule = WarningRule(
            one.rule,
            EventTest("payment_failed"),
            kind=CaseKind.WINBACK,
            facts=one.facts,
            held_share=float(one.held),
        )
        signal = Signal(opened, "payment_failed", f"f{n}")
        yield opened, opening_record(f"0-{n:x}", subject, rule, "", opened, signal)
        if one.back:
            paid = opened + WITHIN / 2.0
            yield paid, Event(subject, f"p{n}", "paid", "server", None, {"amount": 50.0}, at=paid)

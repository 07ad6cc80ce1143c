"""Look-ups in the lake: one decision with what came of it, and the exposures of an interval."""

from __future__ import annotations

from dataclasses import dataclass

from nudge.domain.alarms.quarantine import Quarantine
from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.records import JournalEntry
from nudge.lake.engine.outage_reader import read_quarantines
from nudge.lake.engine.outages import is_quarantined
from nudge.lake.engine.query import Backend, answer, find_place, joined_form
from nudge.lake.files.reader import Lake


@dataclass(frozen=True)
class DecisionOutcome:
    """The outcome of a decision, as far as the lake knows it.

    Attributes:
        shown_at: seconds, of the exposure; None where there is none.
        window: seconds behind the exposure in which an event rewards it.
        conversions: credited so far.
        fen: credited so far.
        rewarded_at: seconds, of the last reward; None without one.
        matured: nothing more can be credited.
        quarantined: the exposure lies in an interval that teaches nothing.
    """

    shown_at: float | None
    window: float
    conversions: int
    fen: int
    rewarded_at: float | None
    matured: bool
    quarantined: bool


def find_entry(
    backend: Backend, lake: Lake, sealer: Sealer, decision_id: str
) -> JournalEntry | None:
    """Return the journal's entry of a decision from the lake; None where the lake lacks it.

    Raises:
        BrokenLakeError: the lake cannot be read.
    """
    place = find_place(backend, decision_id)
    if place is None:
        return None
    ref = sealer.unseal(decision_id)
    # Several decisions may have one place.
    entries = lake.entries(place[0], sealer.unseal, place[1] - 1)
    return next(entry for entry in entries if entry.ref == ref)


def find_outcome(backend: Backend, decision_id: str) -> DecisionOutcome | None:
    """Return what came of a decision; None where the lake lacks it.

    Raises:
        BrokenLakeError: the lake cannot be read.
    """
    decisions = backend.table("decisions")
    terms = decisions.filter(decisions.decision_id == decision_id).select(
        decided_id="decision_id", window="window_seconds"
    )
    rows = joined_form(backend, quarantines=read_quarantines(backend))
    rows = rows.filter(rows.decision_id == decision_id)
    found = answer(backend, rows.inner_join(terms, rows.decision_id == terms.decided_id).limit(1))
    if not found:
        return None
    (one,) = found
    shown, rewarded = one["exposed_at"], one["rewarded_at"]
    return DecisionOutcome(
        None if shown is None else shown.timestamp(),
        float(one["window"] or 0.0),
        int(one["conversions"] or 0),
        int(one["value_fen"] or 0),
        None if rewarded is None else rewarded.timestamp(),
        bool(one["matured"]),
        bool(one["quarantined"]),
    )


def count_exposures(backend: Backend, quarantine: Quarantine) -> dict[str, int]:
    """Count the exposures that lie in a quarantine's interval, by slot; released ones, too.

    Raises:
        BrokenLakeError: the lake cannot be read.
    """
    shown, decisions = backend.table("exposures"), backend.table("decisions")
    inside = (shown.at_seconds >= quarantine.start) & (shown.at_seconds < quarantine.end)
    rows = shown.filter(inside)
    if quarantine.scope.channel:
        asked = decisions.select(decided_id="decision_id", channel="channel")
        rows = rows.inner_join(asked, rows.decision_id == asked.decided_id)
        rows = rows.filter(is_quarantined(rows.at_seconds, rows.channel, [quarantine]))
    counted = rows.group_by("slot").aggregate(exposures=rows.count())
    return {one["slot"]: int(one["exposures"]) for one in answer(backend, counted)}

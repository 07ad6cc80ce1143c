"""How often a number that was filled in was kept, and how often it was typed over."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lake_samples import EXPOSURE, MIDNIGHT
from report_traffic import PARTITIONS, written

from nudge.domain.journal.records import Event, Record, Ref
from nudge.domain.reports.questions import Period
from nudge.lake.engine.query import connect
from nudge.lake.reports.cut import Cut
from nudge.lake.reports.prefill_quality import prefill_quality

PEOPLE = 30


def told(number: int, at: float, kind: str, ref: Ref) -> tuple[float, int, Record]:
    subject = f"{number:032x}"
    event = Event(subject, f"{kind}-{at}", kind, "page", decision=ref, at=at)
    return at, ref.partition, event


def numbers(reason: str = "policy") -> list[tuple[float, int, Record]]:
    """Each of 30 people is shown a number; 20 keep it, and say so twice, 10 type another."""
    found: list[tuple[float, int, Record]] = []
    for number in range(PEOPLE):
        at, ref = MIDNIGHT + 60.0 * number, Ref(number % PARTITIONS, number + 1)
        shown = replace(
            EXPOSURE,
            subject=f"{number:032x}",
            decision=ref,
            slot="prefill",
            variant="own" if number < PEOPLE - 2 else "carried",
            reason=reason,  # type: ignore[arg-type]
            at=at,
        )
        found.append((at, ref.partition, shown))
        kind = "prefill_kept" if number < 20 else "prefill_edited"
        found += [told(number, at + 1.0, kind, ref), told(number, at + 2.0, kind, ref)]
    return found


def test_each_exposure_is_counted_once_by_variant(tmp_path: Path) -> None:
    """An event that is told twice counts once; fewer than 20 people are not told of."""
    backend = connect(written(tmp_path / "lake", numbers()))
    assert prefill_quality(backend, "prefill", Cut()) == {
        "own": {"prefill_kept": 20, "prefill_edited": None},
        "carried": {"prefill_kept": 0, "prefill_edited": None},
    }
    assert prefill_quality(backend, "banner", Cut()) == {}


def test_the_period_is_that_of_the_exposures(tmp_path: Path) -> None:
    """As in the rest of the report; and only what the policy drew."""
    backend = connect(written(tmp_path / "lake", numbers()))
    later = Period(MIDNIGHT + 60.0 * 20, None)
    assert prefill_quality(backend, "prefill", Cut(later))["own"]["prefill_kept"] == 0
    held = connect(written(tmp_path / "held", numbers("holdout")))
    assert prefill_quality(held, "prefill", Cut()) == {}

"""People of whom a lake knows scores, payments and complaints, and some of whom leave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from funnel_traffic import DAY, START, Timed
from lake_samples import DECISION

from nudge.domain.journal.records import Event

MOMENT = START
END = START + 56 * DAY
STAGES = ("new", "stable", "warning")


def subject(person: int) -> str:
    """The subject of a person."""
    return f"{person:032x}"


def event(person: int, at: float, kind: str, source: str = "server", **fields: object) -> Timed:
    """An event of a person; its id is that of its time."""
    return at, Event(subject(person), f"{kind}-{at}", kind, source, None, fields)  # type: ignore[arg-type] # a source


def life(person: int, rng: np.random.Generator) -> Iterator[Timed]:
    """The life of a person: low scores of the network make leaving likelier, nothing else does."""
    score, other = (int(rng.integers(1, 11)) for _ in range(2))
    before = MOMENT - 30 * DAY + person
    context = {"stage": STAGES[person % 3], "device": ("ios", "android")[person % 2]}
    yield before, replace(DECISION, subject=subject(person), context=context)
    yield event(person, before + 60, "feedback", "page", scene="network", score=score)
    yield event(person, before + 120, "feedback", "page", scene="bill", score=other)
    for n in range(int(rng.poisson(0.5))):
        yield event(person, before + 200 + n, "payment_failed", "page")
    for months in (1, 0):
        yield event(person, MOMENT - 3 * DAY - 28 * DAY * months, "paid", amount=50.0)
    left = rng.random() < 1.0 / (1.0 + np.exp(1.0 + 0.5 * (score - 5.5)))
    told = rng.random() < 0.6
    if left and told:
        yield event(person, MOMENT + 10 * DAY, "complaint", leaving="other_operator")
    if not left or told:
        for months in (0, 1):
            yield event(person, MOMENT + 3 * DAY + 28 * DAY * months, "paid", amount=50.0)

"""Simulated visitors of the recharge path, written straight to a lake: no service, no waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from lake_samples import DECISION, EXPOSURE, SEALER

from lab.simulate.journey import EventCall, PageCall, SlotChoice, Wait, journey
from lab.simulate.visitors import draw_visitor, generator
from nudge.domain.journal.records import Event, JournalEntry, Record, Ref
from nudge.lake.files import manifest, writer
from nudge.lake.files.manifest import Manifest, Range
from nudge.lake.files.reader import Lake

DAY = 86_400.0
START = 1_789_920_000.0
"""A Monday, 00:00 by the clock of China."""
VARIANTS = {
    "denomination": ("30", "50", "100"),
    "prefill": ("blank", "last_on_device"),
    "banner": ("data_draw", "coffee"),
    "payment_retry": ("other_method", "same_method"),
}
Timed = tuple[float, Record]
Change = Callable[[str, list[Timed]], list[Timed]]
"""Channel and a visit's records -> the records that are kept."""


def visit(number: int, start: float, seed: int = 0) -> tuple[str, list[Timed]]:
    """One simulated visitor's channel and timed records; acts are some seconds apart."""
    rng = generator(seed, number)
    visitor = draw_visitor(number, rng)
    script, now = journey(visitor, rng, 8.0), start
    subject, found, answer = f"{seed:x}{number:031x}", [], None
    while True:
        try:
            action = next(script) if answer is None else script.send(answer)
        except StopIteration:
            return visitor.channel, found
        answer = None
        if isinstance(action, Wait):
            now += action.seconds
        elif isinstance(action, PageCall):
            made = [
                _decision(action, slot, subject, rng) for slot in action.slots if slot in VARIANTS
            ]
            found += [(now, decision) for decision in made]
            answer = {d.slot: SlotChoice(f"{number}", d.variant) for d in made}
        elif isinstance(action, EventCall):
            now += float(np.round(rng.exponential(9.0), 3))
            found.append((now, _event(action, subject, len(found))))


def _decision(ask: PageCall, slot: str, subject: str, rng: np.random.Generator) -> Record:
    names = VARIANTS[slot]
    return replace(
        DECISION,
        subject=subject,
        slot=slot,
        channel=ask.channel,
        page=ask.page,
        context=dict(ask.context),
        eligible=names,
        removed={},
        variant=str(rng.choice(names)),
        pmf=(1 / len(names),) * len(names),
        propensity=1 / len(names),
    )


def _event(tell: EventCall, subject: str, number: int) -> Event:
    source = "server" if tell.server else "page"
    fields = dict(tell.fields)
    return Event(subject, f"{subject}-{number}", tell.type, source, None, fields)


def failing(channel: str, reason: str, share: float, seed: int = 1) -> Change:
    """A leak: a share of the channel's payments fail for a reason, and are not made."""
    rng = np.random.default_rng(seed)

    def change(found: str, records: list[Timed]) -> list[Timed]:
        if found != channel or rng.random() >= share:
            return records
        return [_failed(at, record, reason) for at, record in records]

    return change


def _failed(at: float, record: Record, reason: str) -> Timed:
    if isinstance(record, Event) and record.type == "paid":
        return at, replace(record, type="payment_failed", fields={"reason": reason})
    return at, record


def traffic(
    visitors: int, start: float, seed: int, change: Change | None = None
) -> Iterator[Timed]:
    """The records of visitors who come over a week."""
    times = np.random.default_rng(seed + 1000).uniform(start, start + 7 * DAY, visitors)
    for number, at in enumerate(times):
        channel, records = visit(number, round(float(at), 3), seed)
        yield from change(channel, records) if change else records


def written(root: Path, records: Iterable[Timed], partitions: int = 2) -> Lake:
    """A lake with these records, by subject in partitions, and the exposure of each decision."""
    parts: dict[int, list[Timed]] = {p: [] for p in range(partitions)}
    for at, record in sorted(records, key=lambda timed: timed[0]):
        parts[int(record.subject[-1], 16) % partitions].append((at, record))
    lake = Lake(root)
    for p, timed in parts.items():
        found = list(_entries(p, timed))
        of = Range(p, 0, len(found))
        files = writer.write(lake.root, [of], [found], SEALER.seal_each)
        manifest.write(lake.root, Manifest(of, files[p], found[-1].stamp))
    return lake


def _entries(partition: int, timed: Iterable[Timed]) -> Iterator[JournalEntry]:
    position = 0
    for at, record in timed:
        position += 1
        yield JournalEntry(partition, position, at, record)
        if record.kind == "decision":
            position += 1
            yield JournalEntry(
                partition, position, at, _exposure(record, Ref(partition, position - 1), at)
            )


def _exposure(decision: Record, ref: Ref, at: float) -> Record:
    return replace(
        EXPOSURE,
        subject=decision.subject,
        slot=decision.slot,
        variant=decision.variant,
        decision=ref,
        at=at,
    )

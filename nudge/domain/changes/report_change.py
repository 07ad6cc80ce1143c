"""A report with its changes: those of the slot, of its segments and of each variant."""

from __future__ import annotations

from typing import Any, Final

from nudge.domain.changes.change import Change
from nudge.domain.changes.change_sentences import change_sentence
from nudge.domain.changes.compared_questions import REVISION, ComparedQuestions
from nudge.domain.reports.comparison import ComparisonRows
from nudge.domain.reports.cube import OTHER, Cube, Groups
from nudge.domain.reports.questions import UNITS

LEVEL: Final = 0.95
Plain = dict[str, Any]
TIMES: Final = (*UNITS, REVISION, "policy_version")
"""Dimensions whose values have no counterpart in the time before."""


def add_changes(
    report: Plain, asked: ComparedQuestions, now: Cube, before: Cube | None, *, revenue: bool
) -> Plain:
    """Return a report with `compare`, and `change` in the slot's block, segments and variants.

    Args:
        report: of the cube `now`, as JSON.
        asked: what is compared.
        now: sums of the report.
        before: sums of the counterpart; None where there is none yet.
        revenue: the sentence speaks of yuan.
    """
    label, until = asked.now.calendar.label_or_none, asked.until
    whole = _change(_drawn(now), _none(now) if before is None else _drawn(before), revenue=revenue)
    said = change_sentence(whole, asked.now.compare, revenue=revenue, until=label(until))
    there = asked.before
    head: Plain = {
        "with": asked.now.compare,
        "from": None if there is None else label(there.period.start),
        "to": None if there is None else label(there.period.end),
        "revision": _revision(asked),
        "until": label(until),
        "interval_level": LEVEL,
        **said,
    }
    blocks: list[tuple[Plain, int | None, int | None]] = [(report["whole"], None, None)]
    if not set(report["by"]) & set(TIMES):
        known = {} if before is None else {key: i for i, key in enumerate(before.segments)}
        for number, block in enumerate(report["segments"]):
            key = now.segments[number]
            # The rest is of other values in each of the two periods.
            if key != (OTHER,):
                blocks.append((block, number, known.get(key, -1)))
    for block, mine, theirs in blocks:
        _add(block, now, before, mine, theirs, revenue=revenue)
    return report | {"compare": head}


def _add(
    block: Plain,
    now: Cube,
    before: Cube | None,
    mine: int | None,
    theirs: int | None,
    *,
    revenue: bool,
) -> None:
    if block["hidden"]:
        return
    here = _drawn(now, mine)
    there = _none(now) if before is None else _drawn(before, theirs)
    block["change"] = _change(here, there, revenue=revenue).plain()
    variants = block["variants"]
    for cell in variants:
        if cell["hidden"]:
            continue
        name = cell["variant"]
        old = there if before is None else _of(there, before, name)
        cell["change"] = _change(
            _of(here, now, name), old, revenue=revenue, many=len(variants)
        ).plain()


def _change(now: Groups, before: Groups, *, revenue: bool, many: int = 1) -> Change:
    # Variants are looked at together: any of their intervals may miss once in twenty.
    return Change(now, before, 1.0 - (1.0 - LEVEL) / many, revenue)


def _drawn(cube: Cube, segment: int | None = None) -> Groups:
    return ComparisonRows.of(cube, segment).matured().drawn


def _of(groups: Groups, cube: Cube, name: str) -> Groups:
    names = list(cube.variants)
    return groups.where(groups.variant == (names.index(name) if name in names else -1))


def _none(cube: Cube) -> Groups:
    return cube.groups.where(cube.groups.rows < 0)


def _revision(asked: ComparedQuestions) -> int | None:
    if asked.before is None or asked.now.compare != REVISION:
        return None
    return int(str(dict(asked.before.where)[REVISION]))

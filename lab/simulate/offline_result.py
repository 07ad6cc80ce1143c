"""Scores of a comparison of learners: shares of the oracle, and regret curves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table

from lab.simulate.offline import LearnerRun

TOTAL = "total"


@dataclass(frozen=True)
class Score:
    """The score of a learner in one slot, or in all of them.

    Attributes:
        learner: name of the learner, as it was given.
        slot: name of the slot, or `total`.
        share: share of the oracle's expected conversions; mean over seeds.
        worst: least share of a seed.
        expected: expected conversions of a run; mean over seeds.
        late: share over the last fifth of the visitors.
        regret: conversions less than the oracle up to equally spaced visitors, mean over seeds.
    """

    learner: str
    slot: str
    share: float
    worst: float
    expected: float
    late: float
    regret: tuple[float, ...]

    @property
    def plain(self) -> dict[str, object]:
        """The score as JSON, without the curve."""
        return {
            "learner": self.learner,
            "slot": self.slot,
            "share": self.share,
            "worst_seed": self.worst,
            "expected_conversions": self.expected,
            "last_fifth_share": self.late,
            "regret": self.regret[-1],
        }


def scores(found: Sequence[LearnerRun]) -> list[Score]:
    """Compute each learner's scores by slot, and in total if it played in every slot."""
    slots = dict.fromkeys(one.slot for one in found)
    made: list[Score] = []
    for learner in dict.fromkeys(one.learner for one in found):
        own = [one for one in found if one.learner == learner]
        parts = {slot: [one for one in own if one.slot == slot] for slot in slots}
        made += [_score(slot, part) for slot, part in parts.items() if part]
        if all(parts.values()):
            made.append(_score(TOTAL, own))
    return made


def _score(slot: str, found: Sequence[LearnerRun]) -> Score:
    seeds = list(dict.fromkeys(one.seed for one in found))
    runs = [[one for one in found if one.seed == seed] for seed in seeds]
    shares = [_ratio((one.expected, one.oracle) for one in run) for run in runs]
    late = [_ratio(one.late for one in run) for run in runs]
    regret = np.sum([one.regret for one in found], axis=0) / len(seeds)
    expected = sum(one.expected for one in found) / len(seeds)
    means = float(np.mean(shares)), min(shares), expected, float(np.mean(late))
    return Score(found[0].learner, slot, *means, tuple(regret.tolist()))


def _ratio(parts: Iterable[tuple[float, float]]) -> float:
    top, bottom = np.sum(list(parts), axis=0)
    return float(top / bottom) if bottom > 0 else 1.0


def table(found: Sequence[Score], visitors: int, seeds: int) -> Table:
    """Format the scores for people: a row a learner, and a column a slot."""
    runs = f"{visitors:,} visitors, {seeds} seed" + ("s" if seeds > 1 else "")
    title = f"Share of the oracle's conversions; {runs}"
    made = Table(title=title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    slots = [slot for slot in dict.fromkeys(one.slot for one in found) if slot != TOTAL]
    made.add_column("learner", overflow="fold")
    for name in (*slots, TOTAL, "worst\nseed", "last\nfifth", "expected"):
        made.add_column(name, justify="right", no_wrap=True)
    for learner in dict.fromkeys(one.learner for one in found):
        own = {one.slot: one for one in found if one.learner == learner}
        shares = [f"{own[slot].share:.3f}" if slot in own else "-" for slot in (*slots, TOTAL)]
        made.add_row(learner, *shares, *_whole(own.get(TOTAL)))
    return made


def _whole(total: Score | None) -> tuple[str, str, str]:
    if total is None:
        return "-", "-", "-"
    return f"{total.worst:.3f}", f"{total.late:.3f}", f"{total.expected:,.0f}"

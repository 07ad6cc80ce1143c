"""All estimators side by side over a part of a log, and the answer that they give together."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from bandits.evaluation.diagnostics import Diagnostics
from bandits.evaluation.estimators import ESTIMATORS
from bandits.evaluation.log import Log
from bandits.evaluation.reward_model import RewardModel
from bandits.evaluation.rows import TargetRows
from bandits.evaluation.sums import Support, WeightedSums
from bandits.evaluation.target import Target
from bandits.inference.interval import Estimate


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The answer to "what would this policy have got".

    Attributes:
        diagnostics: whether the log can answer.
        on_policy: mean reward of the logged policy on the rows used; None without a row.
        estimates: by name (`ips`, `snips`, `dm`, `dr`, `sndr`); None where there is no answer.
    """

    diagnostics: Diagnostics
    on_policy: float | None
    estimates: Mapping[str, Estimate | None]

    @property
    def why(self) -> str | None:
        """The reason for no answer; None where there is one."""
        return self.diagnostics.why()

    @property
    def answerable(self) -> bool:
        """Whether the log can answer."""
        return self.why is None

    def as_dict(self) -> dict[str, object]:
        """Return the answer as JSON values, with null for every number that is not known."""
        return {
            "n": self.diagnostics.n,
            "ess": self.diagnostics.ess,
            "max_weight": self.diagnostics.max_weight,
            "answerable": self.answerable,
            "why": self.why,
            "on_policy": self.on_policy,
            "estimators": {
                name: _plain(self.estimates[name]) for name in ("ips", "snips", "dm", "dr")
            },
        }


def _plain(estimate: Estimate | None) -> dict[str, float | None]:
    if estimate is None:
        return {"value": None, "low": None, "high": None}
    numbers = {"value": estimate.value, "low": estimate.low, "high": estimate.high}
    return {name: x if np.isfinite(x) else None for name, x in numbers.items()}


@dataclass(frozen=True, eq=False)
class EstimatorSuite:
    """All estimators over a part of a log: a frozen value; `add` takes a batch, `+` a part."""

    support: Support = field(default_factory=Support)
    sums: WeightedSums = field(default_factory=WeightedSums.empty)

    def __add__(self, other: "EstimatorSuite") -> "EstimatorSuite":
        """Return the suite of both parts."""
        return EstimatorSuite(self.support + other.support, self.sums + other.sums)

    def add(
        self, log: Log, target: Target, model: RewardModel | None = None, *, start: int = 0
    ) -> "EstimatorSuite":
        """Return the suite with one more batch.

        Args:
            log: n rows.
            target: the policy asked about.
            model: the reward model; None for the weighted estimators alone.
            start: number of the batch's first row, as it was when the model was fitted.
        """
        rows = TargetRows.of(log, target, start, 1 if model is None else model.splits)
        prediction = None if model is None else model.predict(rows)
        return self + EstimatorSuite(Support.of(rows), WeightedSums.of(rows, prediction))

    @property
    def diagnostics(self) -> Diagnostics:
        """Whether the log can answer at all."""
        return Diagnostics(self.support, self.sums)

    def evaluation(self, level: float = 0.95) -> Evaluation:
        """Return the answer, with intervals of this level."""
        found, sums = self.diagnostics, self.sums
        answerable = found.why() is None
        estimates = {
            name: one.estimate(sums, level=level, effective=found.ess if one.weighted else None)
            if answerable and (sums.predicted or not one.modelled)
            else None
            for name, one in ESTIMATORS.items()
        }
        return Evaluation(found, sums.reward / found.n if found.n else None, estimates)

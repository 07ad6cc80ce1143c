"""All estimators side by side over a part of a log."""

from dataclasses import dataclass, replace

import numpy as np

from bandits.arrays import FloatArray
from bandits.evaluation.answer import Evaluation
from bandits.evaluation.diagnostics import Diagnostics
from bandits.evaluation.direct import DirectMethod
from bandits.evaluation.doubly_robust import DoublyRobust, SelfNormalisedDoublyRobust
from bandits.evaluation.importance import InversePropensity, SelfNormalised
from bandits.evaluation.log import Log
from bandits.evaluation.reward_model import RewardModel
from bandits.evaluation.rows import Rows
from bandits.evaluation.target import Target
from bandits.inference.interval import Estimate, RewardKind


@dataclass(frozen=True, eq=False)
class Judged:
    """All estimators over a part of a log; parts add up with `+`."""

    diagnostics: Diagnostics
    ips: InversePropensity
    snips: SelfNormalised
    dm: DirectMethod
    dr: DoublyRobust
    sndr: SelfNormalisedDoublyRobust

    @classmethod
    def empty(cls) -> "Judged":
        """Of no rows."""
        return cls(
            Diagnostics.empty(),
            InversePropensity.empty(),
            SelfNormalised.empty(),
            DirectMethod.empty(),
            DoublyRobust.empty(),
            SelfNormalisedDoublyRobust.empty(),
        )

    def __add__(self, other: "Judged") -> "Judged":
        """Of both parts."""
        return Judged(
            self.diagnostics + other.diagnostics,
            self.ips + other.ips,
            self.snips + other.snips,
            self.dm + other.dm,
            self.dr + other.dr,
            self.sndr + other.sndr,
        )

    def add(
        self, log: Log, target: Target, model: RewardModel | None = None, *, start: int = 0
    ) -> "Judged":
        """With one more batch.

        Args:
            log: n rows.
            target: the policy asked about.
            model: the reward model; None for the weighted estimators alone.
            start: number of the batch's first row, as it was when the model was fitted.
        """
        rows = Rows.of(log, target, start, 1 if model is None else model.folds)
        weights, rewards, groups = rows.weights(), rows.clean().reward, rows.groups
        found = Diagnostics.of(rows.log, rows.aim, weights, rows.left_out, groups)
        weighted = replace(
            self,
            diagnostics=self.diagnostics + found,
            ips=self.ips.add(weights, rewards, groups),
            snips=self.snips.add(weights, rewards, groups),
        )
        return weighted if model is None else weighted.modelled(rows, weights, model)

    def modelled(self, rows: Rows, weights: FloatArray, model: RewardModel) -> "Judged":
        """With the estimators that need a model, which `add` calls where there is one."""
        if rows.aim.every is None:
            return self
        log, groups = rows.clean(), rows.groups
        predictions = model.predict(log, rows.folds)
        predicted = predictions[np.arange(len(log)), log.variant]
        expected = (rows.aim.every * predictions).sum(axis=1)
        pull = model.pull(log, rows.folds, predicted)
        return replace(
            self,
            dm=self.dm.add(expected, pull, groups),
            dr=self.dr.add(weights, log.reward, predicted, expected, groups),
            sndr=self.sndr.add(weights, log.reward, predicted, expected, groups),
        )

    def evaluation(self, level: float = 0.95) -> Evaluation:
        """The answer, with intervals of this level."""
        found = self.diagnostics
        kind: RewardKind = "share" if found.shares else "positive" if found.positive else "any"
        estimates: dict[str, Estimate | None] = dict.fromkeys(("ips", "snips", "dm", "dr", "sndr"))
        if found.why() is None:
            for name in estimates:
                estimator = getattr(self, name)
                if estimator.moments.rows:
                    # The model's mean rests on all rows, the weighted ones on the effective.
                    effective = None if name == "dm" else found.ess
                    estimates[name] = estimator.estimate(
                        level=level, effective=effective, kind=kind
                    )
        return Evaluation(found, found.reward / found.n if found.n else None, estimates)

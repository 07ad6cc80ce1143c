"""What if: what another policy would have got on a slot's decisions in the lake. For a worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from bandits.arrays import FloatArray
from bandits.config import LearnerConfig
from bandits.contract import Policy
from bandits.counts import CountTable
from bandits.errors import ConfigError
from bandits.evaluation import Evaluation, Log, Target, TargetError, Uniform, read_target
from bandits.evaluation.cells import foretold, judged
from bandits.evaluation.target import Aim
from bandits.features import CellSpec
from bandits.learners import fit
from nudge.domain.reports.questions import EvaluationQuestion
from nudge.domain.reports.target_policy import AskedPolicy, Learner, Stored, chooser
from nudge.errors import InvalidRequestError, NotFoundError
from nudge.lake.engine.engines import named_engine
from nudge.lake.engine.query import DUCKDB
from nudge.lake.evaluation.cell_log import CellLog
from nudge.lake.evaluation.cells import FOLDS, CellRows
from nudge.lake.files.reader import Contents, Lake
from nudge.lake.reports.slot_rows import slot_rows

CHOSEN: Final = "policy"
"""The target that a policy's numbers are."""
OF_DAYS, OF_CELLS, OF_SUMS = 0.4, 0.6, 0.9
"""How much of the work is done when the days are joined, and after each pass."""
LEFT_OUT: Final = "not_eligible"
UNDEFINED: Final = "nothing_eligible"
Tell = Callable[[float], None]
"""Is told how far it is, from 0 to 1."""


@dataclass(frozen=True)
class Found:
    """The answer.

    Attributes:
        evaluation: of the rows that fit the question.
        left_out: why other rows do not -> how many.
        features: names of the reward model's attributes.
    """

    evaluation: Evaluation
    left_out: Mapping[str, int]
    features: tuple[str, ...]

    @property
    def plain(self) -> dict[str, object]:
        """For JSON."""
        return self.evaluation.as_dict() | {"left_out": dict(self.left_out)}


def what_if(
    lake: Lake,
    cache: Path,
    question: EvaluationQuestion,
    asked: AskedPolicy = None,
    tell: Tell = lambda _: None,
    engine: str = DUCKDB,
) -> tuple[Found, Contents] | None:
    """Answer the question from the lake as it is now; None where rows must be read one by one.

    Args:
        lake: of the installation.
        cache: directory of the days that are kept joined.
        question: to answer.
        asked: the policy; None for `uniform` and `always:VARIANT`.
        tell: is told how far it is.
        engine: that counts; see `nudge.lake.engine.query.connect`.

    Raises:
        NotFoundError: the lake has no decisions of the slot.
        InvalidRequestError: the variant is none.
        LakeError: the lake cannot be read, or the question takes more than the limits.
    """
    with named_engine(lake, engine, cache) as (backend, contents):
        rows = slot_rows(backend, contents, question.slot, cache, lambda x: tell(OF_DAYS * x))
        every = CellRows(rows, question.period, revenue=False)
        objective = every.objective()
        if not objective:
            raise NotFoundError(f"the lake has no decisions of slot {question.slot!r} yet")
        if every.many():
            return None
        rows_of = replace(every, revenue=objective == "revenue")
        return answered(rows_of, question.target, asked, tell), contents


def answered(
    rows: CellRows, target: str, asked: AskedPolicy = None, tell: Tell = lambda _: None
) -> Found:
    """Answer the question from some rows; what is held in memory does not grow with the lake.

    Args:
        rows: of the slot and the period.
        target: `uniform` or `always:VARIANT`; other targets are `asked`.
        asked: the policy.
        tell: is told how far it is.

    Raises:
        InvalidRequestError: the variant is none.
        BrokenLakeError: the lake cannot be read.
    """
    log = CellLog(rows.cells(), rows.rows.variants, rows.rows.attributes)
    tell(OF_CELLS)
    cells = log.cells({} if asked is None else {CHOSEN: _chosen(log, asked)})
    told = foretold(cells, _target(target, log, asked))
    sums = rows.by_group(log.found, told)
    tell(OF_SUMS)
    evaluation = judged(cells, told, sums)
    left_out = rows.left_out()
    more = evaluation.diagnostics.left_out
    if more:
        left_out[LEFT_OUT if target.startswith("always") else UNDEFINED] = more
    return Found(evaluation, left_out, tuple(one.name for one in log.features))


@dataclass(frozen=True)
class _Drawn:
    """The distribution that the policy gave; rows in which it could choose nothing are left."""

    def __call__(self, log: Log) -> Aim:
        every = log.targets[CHOSEN]
        return Aim.of(log, every, every.sum(axis=1) > 0.0)


def _target(target: str, log: CellLog, asked: AskedPolicy) -> Target:
    if asked is not None:
        return _Drawn()
    if not log.variants:
        return Uniform()  # nothing can be evaluated: whatever is asked, no row fits it
    try:
        return read_target(target, log.variants)
    except TargetError as error:
        raise InvalidRequestError(str(error), {"target": [str(error)]}) from error


def _chosen(log: CellLog, asked: Stored | Learner) -> FloatArray:
    if isinstance(asked, Stored):
        return chooser(asked, log.variants)(log.contexts(asked.attributes), log.eligible)
    found = np.zeros(log.eligible.shape)
    for fold in range(FOLDS):
        inside = log.folds == fold
        policy = _learned(log, asked.config, fold)
        choose = chooser(Stored(policy, asked.config.context), log.variants)
        seen = log.contexts(asked.config.context)
        contexts = {name: column[inside] for name, column in seen.items()}
        found[inside] = choose(contexts, log.eligible[inside])
    return found


def _learned(log: CellLog, config: LearnerConfig, fold: int) -> Policy:
    try:
        return fit(config, _counts(log, config, fold), 0.0, seed=fold)
    except ConfigError as error:
        # What MABWiser itself refuses, such as an epsilon above 1.
        raise InvalidRequestError(f"target: {error}", {"target": [str(error)]}) from error


def _counts(log: CellLog, config: LearnerConfig, fold: int) -> CountTable:
    """What was seen of the visitors of all other folds."""
    spec = CellSpec.build(config.context, config.policy.max_cells)
    arms = list(config.names)
    places = np.array([arms.index(v) if v in arms else -1 for v in log.variants], dtype=np.int64)
    cells = spec.cells(log.contexts(config.context), len(log.found))
    names = ("rows", "conversions", "value", "square")
    sums = np.stack([log.column(name) for name in names], axis=1)
    used = np.flatnonzero((log.folds != fold) & (places[log.arms] >= 0))
    return CountTable.from_rows(
        (0, str(cells[i]), int(places[log.arms[i]]), int(n), int(hits), int(fen), int(square))
        for i, (n, hits, fen, square) in zip(used, sums[used], strict=True)
    )

"""Evaluation of a target policy on a log, in two passes over its batches."""

from collections.abc import Iterable, Iterator

from bandits.evaluation.log import Log, split_blocks
from bandits.evaluation.reward_model import RIDGE, ModelSums, RewardModel
from bandits.evaluation.rows import CV_SPLITS, TargetRows
from bandits.evaluation.suite import EstimatorSuite, Evaluation
from bandits.evaluation.target import Target


def evaluate(
    log: Log | Iterable[Log],
    target: Target,
    *,
    splits: int = CV_SPLITS,
    level: float = 0.95,
    ridge: float = RIDGE,
) -> Evaluation:
    """Evaluate a target policy on a log.

    Where the target's probabilities of all variants are known the log is read twice: for the
    reward model, and for the estimates. What is kept between batches does not grow with the log.

    Args:
        log: a batch, or batches that can be read twice in the same order: a list, or an object
            whose `__iter__` starts anew.
        target: the policy asked about.
        splits: of the cross-fitting, by hash of the subject, or of the row's number.
        level: coverage of the intervals.
        ridge: rows that the agreement between variants is worth in the reward model.

    Raises:
        TypeError: the log is an iterator, which can be read once only.
        TargetError: the log lacks the target's column.
    """
    batches = [log] if isinstance(log, Log) else log
    if isinstance(batches, Iterator):
        raise TypeError("the log is read twice: give a list of batches, or an object to iterate")
    model, suite = _fit(batches, target, splits, ridge), EstimatorSuite()
    for start, batch in _numbered(batches):
        suite = suite.add(batch, target, model, start=start)
    return suite.evaluation(level)


def _fit(batches: Iterable[Log], target: Target, splits: int, ridge: float) -> RewardModel | None:
    sums: ModelSums | None = None
    for start, batch in _numbered(batches):
        rows = TargetRows.of(batch, target, start, splits)
        if rows.target.every is None:
            break
        part = ModelSums.of(rows, splits)
        sums = part if sums is None else sums + part
    return None if sums is None else sums.fit(ridge)


def _numbered(batches: Iterable[Log]) -> Iterator[tuple[int, Log]]:
    start = 0
    for batch in batches:
        for block in split_blocks(batch):
            yield start, block
            start += len(block)

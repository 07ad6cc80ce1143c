"""One call: what a target policy would have got on a log, or why the log cannot tell."""

from collections.abc import Iterable, Iterator

from bandits.evaluation.answer import Evaluation
from bandits.evaluation.judged import Judged
from bandits.evaluation.log import Log, blocks
from bandits.evaluation.reward_model import RIDGE, ModelSums
from bandits.evaluation.rows import Rows
from bandits.evaluation.target import Target

FOLDS = 5


def evaluate(
    log: Log | Iterable[Log],
    target: Target,
    *,
    folds: int = FOLDS,
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
        folds: of the cross-fitting, by hash of the subject, or of the row's number.
        level: coverage of the intervals.
        ridge: rows that the agreement between variants is worth in the reward model.

    Raises:
        TypeError: for an iterator, which can be read once only.
        TargetError: where the log lacks the target's column.
    """
    batches = [log] if isinstance(log, Log) else log
    if isinstance(batches, Iterator):
        raise TypeError("the log is read twice: give a list of batches, or an object to iterate")
    sums: ModelSums | None = None
    for start, batch in _numbered(batches):
        rows = Rows.of(batch, target, start, folds)
        if rows.aim.every is None:
            break
        part = ModelSums.of(rows.clean(), rows.aim, rows.folds, folds)
        sums = part if sums is None else sums + part
    model = None if sums is None else sums.fit(ridge)
    judged = Judged.empty()
    for start, batch in _numbered(batches):
        judged = judged.add(batch, target, model, start=start)
    return judged.evaluation(level)


def _numbered(batches: Iterable[Log]) -> Iterator[tuple[int, Log]]:
    start = 0
    for batch in batches:
        for block in blocks(batch):
            yield start, block
            start += len(block)

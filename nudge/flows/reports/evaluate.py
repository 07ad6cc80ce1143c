"""Evaluation: the reward that another policy would have got, or why the log cannot tell.

Rows of a file are read one by one. A lake gives its cells, which is faster; where nearly all its
contexts differ, its rows are read as those of a file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bandits.evaluation import (
    Evaluation,
    PolicyColumn,
    Target,
    TargetError,
    Uniform,
    evaluate,
    read_target,
)
from nudge.domain.reports.evaluation_sentences import evaluation_sentence
from nudge.domain.reports.questions import EvaluationQuestion
from nudge.domain.reports.target_policy import AskedPolicy, TargetLearner
from nudge.errors import InvalidConfigError, InvalidRequestError, NotFoundError
from nudge.flows.reports.learned_policy import policy_distribution
from nudge.flows.reports.log_question import LogQuestion
from nudge.lake.engine.engines import named_engine
from nudge.lake.engine.query import DUCKDB
from nudge.lake.evaluation.cell_log import CellLog
from nudge.lake.evaluation.cells import CellRows
from nudge.lake.evaluation.log_batches import LogBatches, survey_log
from nudge.lake.evaluation.log_columns import POLICY, Look, Refuse, nothing
from nudge.lake.evaluation.log_features import Feature
from nudge.lake.evaluation.log_file import LogFile, cut_to_period
from nudge.lake.evaluation.logs import open_log
from nudge.lake.files.errors import TooLargeError
from nudge.lake.files.reader import Contents, Lake
from nudge.lake.reports.day_tables import Tell
from nudge.lake.reports.slot_rows import slot_rows

READINGS: Final = 3
"""Readings of a log: for its levels, for the reward model, for the estimates."""
OF_DAYS, OF_CELLS, OF_SUMS = 0.4, 0.6, 0.9
"""Share of the work that is done when the days are joined, and after each pass over cells."""
NOT_ELIGIBLE: Final = {"always": "not_eligible"}
NO_CHOICE: Final = "nothing_eligible"


@dataclass(frozen=True)
class EvaluationAnswer:
    """An evaluation with the rows that it leaves out.

    Attributes:
        evaluation: of the rows that fit the question.
        left_out: reason -> rows that do not.
        features: names of the reward model's attributes.
        revenue: the reward is yuan, not conversions.
    """

    evaluation: Evaluation
    left_out: Mapping[str, int]
    features: tuple[str, ...]
    revenue: bool = False

    @property
    def plain(self) -> dict[str, object]:
        """The answer for JSON."""
        return self.evaluation.as_dict() | {"left_out": dict(self.left_out)}

    @property
    def spoken(self) -> dict[str, object]:
        """The answer for JSON, with its sentence."""
        said = evaluation_sentence(self.evaluation, revenue=self.revenue)
        return self.plain | {"sentence": said}


def evaluate_log(
    log: LogFile,
    question: LogQuestion,
    policy: AskedPolicy = None,
    look: Look = lambda _: None,
    refuse: Refuse = nothing,
) -> EvaluationAnswer:
    """Answer a question from a log's rows, with a batch in memory at a time.

    Args:
        log: of `open_log`; it is read up to READINGS times.
        question: to answer.
        policy: of a target that needs one.
        look: called with the number of rows of each batch read.
        refuse: called with each row, or run of rows, that cannot be read or used.

    Raises:
        InvalidRequestError: the target is unknown, or names what the log does not have.
        InvalidConfigError: the log cannot be used; with file, row, column and cure.
        TooLargeError: the policy has to be learned first, which takes cells.
    """
    if isinstance(policy, TargetLearner):
        raise TooLargeError("the context has too many values to learn from; ask about a rule")
    columns = question.columns
    if question.kind == "column":
        columns = replace(columns, target=question.name)
    survey = survey_log(log, columns, question.variants, look, refuse)
    target = _target(question.target, survey.variants, policy)
    batches = LogBatches(log, columns, survey, policy, look)
    try:
        found = evaluate(batches, target, level=question.level)
    except ValueError as error:
        raise InvalidConfigError([f"{log.name}: {error}"]) from error
    return _answer(question.target, found, survey.left_out, survey.features)


def evaluate_lake(
    lake: Lake,
    cache: Path,
    question: EvaluationQuestion,
    policy: AskedPolicy = None,
    tell: Tell = lambda _: None,
    engine: str = DUCKDB,
) -> tuple[EvaluationAnswer, Contents]:
    """Answer a question from a lake as it is now.

    Args:
        lake: of the installation.
        cache: directory of the days that are kept joined.
        question: to answer.
        policy: of a target that needs one.
        tell: called with the share that is done.
        engine: that counts; see `nudge.lake.engine.query.connect`.

    Raises:
        NotFoundError: the lake has no decisions of the slot.
        InvalidRequestError: the variant is unknown.
        LakeError: the lake cannot be read, or the question takes more than the limits.
    """
    with named_engine(lake, engine, cache) as (backend, contents):
        rows = slot_rows(backend, contents, question.slot, cache, lambda x: tell(OF_DAYS * x))
        cells = CellRows(rows, question.period, revenue=False)
        objective = cells.objective()
        if not objective:
            raise NotFoundError(f"the lake has no decisions of slot {question.slot!r} yet")
        revenue, found = objective == "revenue", None
        if not cells.too_many():
            cells = replace(cells, revenue=revenue)
            found = evaluate_cells(cells, question.target, policy, tell)
    if found is None:
        found = _evaluate_rows(lake, question, policy, tell, engine)
    return replace(found, revenue=revenue), contents


def evaluate_cells(
    rows: CellRows, target: str, policy: AskedPolicy = None, tell: Tell = lambda _: None
) -> EvaluationAnswer:
    """Answer a question from a slot's cells; the memory it takes does not grow with the lake.

    Args:
        rows: of the slot and the period.
        target: one of `TARGETS`.
        policy: of a target that needs one.
        tell: called with the share that is done.

    Raises:
        InvalidRequestError: the variant is unknown.
        BrokenLakeError: the lake cannot be read.
    """
    log = CellLog(rows, rows.cells())
    tell(OF_CELLS)
    own = None if policy is None else policy_distribution(log, policy)
    suite = log.suite(_target(target, log.variants, policy), own)
    tell(OF_SUMS)
    return _answer(target, suite.evaluation(), rows.left_out(), log.features)


def _evaluate_rows(
    lake: Lake, question: EvaluationQuestion, policy: AskedPolicy, tell: Tell, engine: str
) -> EvaluationAnswer:
    try:
        log = replace(open_log(lake.root, question.slot, engine), name="lake")
        look = _progress(tell, max(1, log.rows * READINGS))
        log = cut_to_period(log, question.period)
        return evaluate_log(log, LogQuestion(question.target), policy, look)
    except InvalidConfigError as error:
        raise InvalidRequestError(str(error)) from error


def _progress(tell: Tell, rows: int) -> Look:
    read = 0

    def look(more: int) -> None:
        nonlocal read
        read += more
        tell(OF_DAYS + (1.0 - OF_DAYS) * read / rows)

    return look


def _target(text: str, variants: Sequence[str], policy: AskedPolicy) -> Target:
    if policy is not None:
        return PolicyColumn(POLICY)
    if not variants:
        return Uniform()  # an empty log: whatever is asked, no row fits it
    try:
        return read_target(text, variants)
    except TargetError as error:
        raise InvalidRequestError(str(error), {"target": [str(error)]}) from error


def _answer(
    target: str, found: Evaluation, left_out: Mapping[str, int], features: Sequence[Feature]
) -> EvaluationAnswer:
    undefined = found.diagnostics.left_out
    why = NOT_ELIGIBLE.get(target.partition(":")[0], NO_CHOICE)
    more = {why: undefined} if undefined else {}
    return EvaluationAnswer(found, {**left_out, **more}, tuple(one.name for one in features))

"""Evaluate: what another policy would have got on a log, or why the log cannot tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import bandits
from bandits.config import AttributeSpec
from bandits.evaluation import Aim, Evaluation, Log, Target, TargetError, Uniform, read_target
from bandits.evaluation import evaluate as evaluated
from nudge.domain.reports.questions import TARGETS
from nudge.domain.reports.target_policy import (
    BESIDE,
    AskedPolicy,
    Learner,
    Stored,
    chooser,
    rule_of,
)
from nudge.domain.slots.learning import first_policy, learner_config, mabwiser_config
from nudge.domain.slots.slot import Slot
from nudge.errors import CorruptRecordError, InvalidConfigError, InvalidRequestError, NotFoundError
from nudge.lake.evaluation.log_batches import POLICY, Asked, LogBatches, Survey, surveyed
from nudge.lake.evaluation.log_columns import Columns, Look
from nudge.lake.evaluation.log_file import LogFile
from nudge.store.store import Store

KINDS: Final = ("uniform", "always", "policy", "mabwiser", "rule", "column")
READINGS: Final = 3
"""How often a log is read: for its levels, for the reward model, for the estimates."""
LEFT_OUT: Final = {"always": "not_eligible", "policy": "nothing_eligible"}


@dataclass(frozen=True)
class Question:
    """What is asked of a log.

    Attributes:
        target: one of `TARGETS`, or `column:NAME`.
        columns: what the log's columns mean; their target is that of `column:`.
        variants: in the order of a target column's lists; empty where the log tells.
        level: coverage of the intervals.
    """

    target: str
    columns: Columns = field(default_factory=Columns)
    variants: tuple[str, ...] = ()
    level: float = 0.95

    @property
    def kind(self) -> str:
        """The target's, one of KINDS.

        Raises:
            InvalidRequestError: it is no target.
        """
        kind, _, name = self.target.partition(":")
        if kind not in KINDS or (kind == "uniform") == bool(name):
            cure = f"use {TARGETS}; or column:NAME"
            raise InvalidRequestError(f"{self.target!r} is no target; {cure}")
        return kind

    @property
    def name(self) -> str:
        """What follows the kind."""
        return self.target.partition(":")[2]


@dataclass(frozen=True)
class Answer:
    """The answer.

    Attributes:
        evaluation: of the rows that fit the question.
        left_out: why other rows do not -> how many.
        variants: in the log's order.
        features: names of the reward model's attributes.
    """

    evaluation: Evaluation
    left_out: Mapping[str, int]
    variants: tuple[str, ...]
    features: tuple[str, ...]

    @property
    def plain(self) -> dict[str, object]:
        """For JSON."""
        return self.evaluation.as_dict() | {"left_out": dict(self.left_out)}


def evaluate(
    log: LogFile, question: Question, stored: Stored | None = None, look: Look = lambda _: None
) -> Answer:
    """Answer the question; the log is read up to READINGS times, a batch in memory at a time.

    Args:
        log: of `open_log`.
        question: to answer.
        stored: the policy of `policy:VERSION`, or of a rule.
        look: is told of rows that were read.

    Raises:
        InvalidRequestError: the target is none, or names what the log does not have.
        InvalidConfigError: the log cannot be used; with file, row, column and cure.
    """
    columns = question.columns
    if question.kind == "column":
        columns = replace(columns, target=question.name)
    survey = surveyed(log, columns, question.variants, look)
    target = _target(question, survey, log)
    asked = None if stored is None else Asked(stored.attributes, chooser(stored, survey.variants))
    batches = LogBatches(log, columns, survey, asked, look)
    try:
        found = evaluated(batches, target, level=question.level)
    except ValueError as error:
        raise InvalidConfigError([f"{log.name}: {error}"]) from error
    return _answer(question, survey, found)


def asked_policy(store: Store, slot: str, target: str) -> AskedPolicy:
    """The policy of a target that needs the slot; None of the others.

    Raises:
        NotFoundError: there is no such slot, or the version is not kept.
        InvalidRequestError: MABWiser does not have the policy, or the rule does not fit the slot.
        CorruptRecordError: the snapshot cannot be read.
    """
    kind, _, text = target.partition(":")
    if kind == "policy":
        return stored_policy(store, slot, text)
    if kind not in ("mabwiser", "rule"):
        return None
    found = _slot(store, slot)
    return (
        Learner(mabwiser_config(found, text)) if kind == "mabwiser" else rule_of(text, found.names)
    )


def stored_policy(store: Store, slot: str, version: str) -> Stored:
    """A policy that was published for a slot; 0 is the one before the first.

    Raises:
        NotFoundError: there is no such slot, or the version is not kept.
        CorruptRecordError: the snapshot cannot be read.
    """
    found = _slot(store, slot)
    blob = store.snapshots.read(slot, int(version)) if version.isdigit() else None
    if blob is None and version != "0":
        kept = ", ".join(map(str, store.snapshots.published(slot))) or "none"
        raise NotFoundError(f"slot {slot!r} has no policy version {version!r}; kept are: 0, {kept}")
    try:
        policy = first_policy(found) if blob is None else bandits.load_policy(blob)
    except bandits.SnapshotError as error:
        raise CorruptRecordError(f"slot {slot!r}, policy version {version}: {error}") from error
    own = learner_config(found).context
    beside = [AttributeSpec(n, "category") for n in BESIDE if n not in {a.name for a in own}]
    return Stored(policy, (*own, *beside))


def _slot(store: Store, name: str) -> Slot:
    found = store.slots.current().get(name)
    if found is None:
        raise NotFoundError(f"there is no slot {name!r}")
    return found


@dataclass(frozen=True)
class _Drawn:
    """The distribution that the stored policy gave; rows in which nothing is eligible are left."""

    def __call__(self, log: Log) -> Aim:
        every = log.targets[POLICY]
        return Aim.of(log, every, every.sum(axis=1) > 0.0)


def _target(question: Question, survey: Survey, log: LogFile) -> Target:
    if question.kind in ("policy", "rule"):
        return _Drawn()
    if not survey.variants:
        return Uniform()  # an empty log: whatever is asked, no row fits it
    try:
        return read_target(question.target, survey.variants)
    except TargetError as error:
        raise InvalidRequestError(f"{log.name}: {error}") from error


def _answer(question: Question, survey: Survey, found: Evaluation) -> Answer:
    left_out = dict(survey.left_out)
    more = found.diagnostics.left_out
    if more:
        left_out[LEFT_OUT.get(question.kind, "nothing_eligible")] = more
    names = tuple(one.name for one in survey.features)
    return Answer(found, left_out, survey.variants, names)

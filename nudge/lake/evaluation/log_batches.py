"""Batches of a log for `bandits.evaluation`, after a survey of the whole log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa

from bandits.arrays import BoolArray, FloatArray, IntArray
from bandits.evaluation import Log
from nudge.domain.reports.target_policy import StoredPolicy, chooser
from nudge.errors import InvalidConfigError
from nudge.lake.evaluation.log_arrays import TEXT, RawBatch
from nudge.lake.evaluation.log_attributes import context_names, read_attribute, read_contexts
from nudge.lake.evaluation.log_columns import (
    POLICY,
    Columns,
    Look,
    Refuse,
    check_columns,
    nothing,
    read_batches,
    read_matrices,
    read_target_column,
    usable_rows,
    variant_names,
)
from nudge.lake.evaluation.log_features import Feature, Levels, choose_features, read_features
from nudge.lake.evaluation.log_file import LogFile
from nudge.lake.evaluation.log_flaws import flag_flaws, refused_rows, value_flaws
from nudge.lake.intake.bad_row import BadRow

KEYS: Final = 50
"""Most attributes that one context gives."""
MOST: Final = 1_000
"""Most variants."""
REFUSED: Final = "refused"
"""Reason of rows that are left out for their values."""


@dataclass(frozen=True)
class Survey:
    """Variants, features and unusable rows of a log, found by a first reading.

    Attributes:
        variants: in the order of their indices.
        features: of the reward model.
        left_out: reason -> rows that are not used.
        refused: numbers of the rows that are left out for their values, ascending.
    """

    variants: tuple[str, ...]
    features: tuple[Feature, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    refused: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))


@dataclass(frozen=True)
class LogBatches:
    """Usable rows of a log, batch by batch; each iteration reads the log anew.

    Attributes:
        survey: of `survey_log`.
        policy: gives the target column `POLICY`, if one is asked about.
        look: called with the number of rows of each batch read.
    """

    log: LogFile
    columns: Columns
    survey: Survey
    policy: StoredPolicy | None = None
    look: Look = lambda _: None

    def __iter__(self) -> Iterator[Log]:
        """Yield the batches.

        Raises:
            InvalidConfigError: a value cannot be used; with file, row, column and cure.
        """
        wanted = [one.name for one in self.survey.features]
        wanted += [one.name for one in self.policy.attributes] if self.policy else []
        names = [*self.columns.named, "eligible", "pmf", "subject", *wanted]
        for part in read_batches(self.log, names, self.look, context=bool(wanted)):
            good = part.where(~np.isin(part.numbers, self.survey.refused))
            kept, _ = usable_rows(good, self.columns)
            yield self._read(good.where(kept))

    def _read(self, part: RawBatch) -> Log:
        names = pa.array(self.survey.variants, TEXT)
        eligible, pmf = read_matrices(part, names)
        return Log(
            part.places(self.columns.variant, names),
            self._propensity(part),
            part.real(self.columns.reward),
            len(names),
            eligible,
            pmf,
            part.subjects("subject") if part.has("subject") else None,
            read_features(part, self.survey.features),
            self._targets(part, eligible),
        )

    def _propensity(self, part: RawBatch) -> FloatArray:
        given = self.columns.propensity
        return part.real(given) if isinstance(given, str) else np.full(len(part), given)

    def _targets(self, part: RawBatch, eligible: BoolArray | None) -> dict[str, FloatArray]:
        variants, policy = self.survey.variants, self.policy
        wide = len(variants)
        if policy is not None:
            mask = np.ones((len(part), wide), dtype=np.bool_) if eligible is None else eligible
            return {POLICY: chooser(policy, variants)(read_contexts(part, policy.attributes), mask)}
        name = self.columns.target
        return {} if name is None else {name: read_target_column(part, name, wide)}


def survey_log(
    log: LogFile,
    columns: Columns,
    variants: Sequence[str] = (),
    look: Look = lambda _: None,
    refuse: Refuse = nothing,
) -> Survey:
    """Read a log a first time, for its variants, its features and the rows that are left out.

    Args:
        log: of `open_log`.
        columns: meaning of its columns.
        variants: in their order; found in the log (and sorted) where empty.
        look: called with the number of rows of each batch read.
        refuse: called with each row, or run of rows, that cannot be read or used.

    Raises:
        InvalidConfigError: the log lacks a column, or cannot be read.
    """
    check_columns(log, columns)
    left_out: Counter[str] = Counter()
    levels: dict[str, Levels] = {name: Levels() for name in columns.features or ()}
    found, refused = dict.fromkeys(variants), [np.zeros(0, dtype=np.int64)]
    names = [*columns.named, "eligible", "pmf", *levels]
    context = columns.features != ()
    for part in read_batches(log, names, look, context=context, refuse=refuse):
        used, why, bad = _sorted_rows(part, columns, variants)
        left_out.update(why)
        for one in bad:
            refuse(one)
        refused.append(np.array([one.line for one in bad], dtype=np.int64))
        if not variants:
            found |= dict.fromkeys(variant_names(used, columns))
            _check_count(log, columns, found)
        if columns.features is None:
            levels |= {name: Levels() for name in context_names(used)[:KEYS] if name not in levels}
        for name, counted in levels.items():
            counted.add(read_attribute(used, name))
    order = tuple(found) if variants else tuple(sorted(found))
    chosen = choose_features(dict(sorted(levels.items())))
    return Survey(order, chosen, left_out, np.concatenate(refused))


def _sorted_rows(
    part: RawBatch, columns: Columns, variants: Sequence[str]
) -> tuple[RawBatch, dict[str, int], list[BadRow]]:
    """Return the rows to use, the count of those left out by reason, and the refused ones."""
    good, unclear = refused_rows(part, flag_flaws(part))
    part = part.where(good)
    usable, why = usable_rows(part, columns)
    part = part.where(usable)
    good, bad = refused_rows(part, value_flaws(part, columns, variants))
    bad = sorted([*unclear, *bad])
    return part.where(good), why | ({REFUSED: len(bad)} if bad else {}), bad


def _check_count(log: LogFile, columns: Columns, variants: Mapping[str, None]) -> None:
    if len(variants) > MOST:
        text = f"column {columns.variant!r} has more than {MOST:,} values"
        cure = "name the variant's column with --variant-column"
        raise InvalidConfigError([f"{log.name}: {text}; {cure}"])

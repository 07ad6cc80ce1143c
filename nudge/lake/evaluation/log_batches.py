"""A log as the batches that `bandits.evaluation` reads, after a first look at all of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa

from bandits.arrays import BoolArray, FloatArray
from bandits.config import AttributeSpec
from bandits.evaluation import Log
from nudge.domain.reports.target_policy import Choose
from nudge.errors import InvalidConfigError
from nudge.lake.evaluation.log_arrays import TEXT, Part
from nudge.lake.evaluation.log_attributes import attribute, contexts, keys
from nudge.lake.evaluation.log_columns import (
    Columns,
    Look,
    checked,
    matrices,
    names_in,
    parts,
    target,
    usable,
)
from nudge.lake.evaluation.log_features import Feature, Levels, features
from nudge.lake.evaluation.log_file import LogFile

POLICY: Final = "policy"
"""The target that a policy's numbers are."""
KEYS: Final = 50
"""Most attributes that are taken from a context."""
MOST: Final = 1_000
"""Most variants."""


@dataclass(frozen=True)
class Survey:
    """What the first reading found.

    Attributes:
        variants: in the order of their indices.
        features: of the reward model.
        left_out: why rows are not used -> how many.
    """

    variants: tuple[str, ...]
    features: tuple[Feature, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """A policy that is asked about.

    Attributes:
        attributes: that it knows.
        choose: its distribution.
    """

    attributes: Sequence[AttributeSpec]
    choose: Choose


@dataclass(frozen=True)
class LogBatches:
    """The log's usable rows; each iteration reads the file anew.

    Attributes:
        log: where from.
        columns: what they mean.
        survey: of `surveyed`.
        asked: the policy, if one is asked about; its numbers are the target `policy`.
        look: is told of rows that were read.
    """

    log: LogFile
    columns: Columns
    survey: Survey
    asked: Asked | None = None
    look: Look = lambda _: None

    def __iter__(self) -> Iterator[Log]:
        """Batches.

        Raises:
            InvalidConfigError: a value cannot be used; with file, row, column and cure.
        """
        wanted = [one.name for one in self.survey.features]
        wanted += [one.name for one in self.asked.attributes] if self.asked else []
        names = [*self.columns.named, "eligible", "pmf", "subject", *wanted]
        for part in parts(self.log, names, self.look, context=bool(wanted)):
            kept, _ = usable(part, self.columns)
            yield self._read(part.where(kept))

    def _read(self, part: Part) -> Log:
        names = pa.array(self.survey.variants, TEXT)
        eligible, pmf = matrices(part, names)
        return Log(
            part.places(self.columns.variant, names),
            self._propensity(part),
            part.real(self.columns.reward),
            len(names),
            eligible,
            pmf,
            part.subjects("subject") if part.has("subject") else None,
            self._features(part),
            self._targets(part, eligible),
        )

    def _propensity(self, part: Part) -> FloatArray:
        given = self.columns.propensity
        return part.real(given) if isinstance(given, str) else np.full(len(part), given)

    def _features(self, part: Part) -> FloatArray | None:
        if not self.survey.features:
            return None
        found = [one.columns(attribute(part, one.name)) for one in self.survey.features]
        return np.hstack(found)

    def _targets(self, part: Part, eligible: BoolArray | None) -> dict[str, FloatArray]:
        wide = len(self.survey.variants)
        if self.asked is not None:
            mask = np.ones((len(part), wide), dtype=np.bool_) if eligible is None else eligible
            return {POLICY: self.asked.choose(contexts(part, self.asked.attributes), mask)}
        name = self.columns.target
        return {} if name is None else {name: target(part, name, wide)}


def surveyed(
    log: LogFile, columns: Columns, variants: Sequence[str] = (), look: Look = lambda _: None
) -> Survey:
    """Read the log a first time: which variants and levels there are, and what is left out.

    Args:
        log: of `open_log`.
        columns: what they mean.
        variants: in their order; found in the log (and sorted) where empty.
        look: is told of rows that were read.

    Raises:
        InvalidConfigError: the log lacks a column, or cannot be read.
    """
    checked(log, columns)
    left_out: Counter[str] = Counter()
    levels: dict[str, Levels] = {name: Levels() for name in columns.features or ()}
    found = dict.fromkeys(variants)
    names = [columns.variant, columns.reward, "eligible", *levels]
    for part in parts(log, names, look, context=columns.features != ()):
        kept, why = usable(part, columns)
        left_out.update(why)
        if not variants:
            found |= dict.fromkeys(names_in(part, columns))
            _few(log, columns, found)
        used = part.where(kept)
        if columns.features is None:
            levels |= {name: Levels() for name in keys(used)[:KEYS] if name not in levels}
        for name, counted in levels.items():
            counted.add(attribute(used, name))
    order = tuple(found) if variants else tuple(sorted(found))
    return Survey(order, features(dict(sorted(levels.items()))), left_out)


def _few(log: LogFile, columns: Columns, variants: Mapping[str, None]) -> None:
    if len(variants) > MOST:
        text = f"column {columns.variant!r} has more than {MOST:,} values"
        cure = "name the variant's column with --variant-column"
        raise InvalidConfigError([f"{log.name}: {text}; {cure}"])

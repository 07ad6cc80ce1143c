"""Columns of a log: their meaning, and the rows that they allow to use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bandits.arrays import BoolArray, FloatArray
from nudge.domain.journal.records import DecisionReason
from nudge.errors import InvalidConfigError
from nudge.lake.evaluation.log_arrays import REAL, TEXT, RawBatch
from nudge.lake.evaluation.log_attributes import CONTEXT, open_context
from nudge.lake.evaluation.log_file import LogFile
from nudge.lake.evaluation.log_matrices import list_lengths, list_members, list_numbers
from nudge.lake.intake.bad_row import BadRow
from nudge.lake.intake.header import shown_names

LEARNABLE: Final = DecisionReason.POLICY.value
"""The reason of decisions that may be evaluated."""
POLICY: Final = "policy"
"""Name of the target column that holds the distribution of the policy asked about."""
STATE: Final = ("reason", "exposed_at", "matured", "quarantined")
"""Columns of the joined form that tell whether a row may be used."""
Look = Callable[[int], None]
"""A callback that takes the number of rows of each batch read."""
Refuse = Callable[[BadRow], object]
"""A callback that takes each row that is left out."""


def nothing(_: BadRow) -> None:
    """Do nothing with a row that is left out: it was told before."""


@dataclass(frozen=True)
class Columns:
    """Meaning of a log's columns.

    Attributes:
        variant: column of the variant drawn.
        propensity: column of its propensity, or the propensity of every row.
        features: columns, or attributes of the context, for the reward model; None for the
            whole context.
        target: column of the target's probabilities, if asked about.
    """

    variant: str = "variant"
    reward: str = "reward"
    propensity: str | float = "propensity"
    features: tuple[str, ...] | None = None
    target: str | None = None

    @property
    def named(self) -> dict[str, str]:
        """Options that name another column, by column."""
        found = {self.variant: "--variant-column", self.reward: "--reward-column"}
        if isinstance(self.propensity, str):
            found[self.propensity] = "--propensity"
        return found if self.target is None else found | {self.target: "--target column:"}


def check_columns(log: LogFile, columns: Columns) -> None:
    """Check that the log has the columns.

    Raises:
        InvalidConfigError: columns are missing; names each, and the option for another one.
    """
    given = {name: "--features" for name in columns.features or () if CONTEXT not in log.columns}
    has = f"it has {shown_names(log.columns)}"
    missing = [
        f"{log.name}: there is no column {name!r}; name another one with {option} ({has})"
        for name, option in (columns.named | given).items()
        if name not in log.columns
    ]
    if missing:
        raise InvalidConfigError(missing)


def read_batches(
    log: LogFile, names: Sequence[str], look: Look, *, context: bool, refuse: Refuse = nothing
) -> Iterator[RawBatch]:
    """Yield the log's batches with these columns, as far as it has them, and `STATE`.

    Args:
        log: of `open_log`.
        names: of columns.
        look: called with the number of rows of each batch read.
        context: read the context too.
        refuse: called with each row, or run of rows, that cannot be read.
    """
    wanted = [*names, *STATE, *([CONTEXT] if context else [])]
    present = [name for name in dict.fromkeys(wanted) if name in log.columns]
    for block in log.blocks(present):
        for one in block.bad:
            refuse(one)
        if len(block.lines):
            yield open_context(RawBatch(log.name, block.batch, block.lines))
        look(len(block.lines) + sum(one.rows for one in block.bad))


def usable_rows(part: RawBatch, columns: Columns) -> tuple[BoolArray, dict[str, int]]:
    """Return bool (n,), the rows that may be used, and the count of the others by first reason."""
    kept = np.ones(len(part), dtype=np.bool_)
    left_out: dict[str, int] = {}
    for why, bad in _flaws(part, columns):
        count = int(np.count_nonzero(kept & bad))
        left_out |= {why: count} if count else {}
        kept &= ~bad
    return kept, left_out


def _flaws(part: RawBatch, columns: Columns) -> Iterator[tuple[str, BoolArray]]:
    if part.has("reason"):
        same = pc.fill_null(pc.equal(part.text("reason"), LEARNABLE), fill_value=False)
        yield "reason_not_policy", ~same.to_numpy(zero_copy_only=False)
    if part.has("reason") or part.has("exposed_at"):
        # Elsewhere a missing reward is a flaw of the log, and the answer says so.
        yield "not_exposed", part.null(columns.reward)
    if part.has("matured"):
        yield "not_matured", ~part.flag("matured")
    if part.has("quarantined"):
        yield "quarantined", part.flag("quarantined")


def variant_names(part: RawBatch, columns: Columns) -> list[str]:
    """Return the variants that were drawn or eligible."""
    found = [pc.unique(part.text(columns.variant))]
    if part.has("eligible"):
        found.append(pc.unique(part.lists("eligible", TEXT).flatten()))
    return [name for names in found for name in names.drop_null().to_pylist()]


def read_matrices(part: RawBatch, variants: pa.Array) -> tuple[BoolArray | None, FloatArray | None]:
    """Return `eligible` and `pmf` (n, K) over the variants, None where the log lacks them.

    Raises:
        InvalidConfigError: a distribution is not over the eligible variants; with its row.
    """
    wide = len(variants)
    pmf = part.lists("pmf", REAL) if part.has("pmf") else None
    if not part.has("eligible"):
        return None, None if pmf is None else _whole(part, "pmf", pmf, wide)
    eligible = part.lists("eligible", TEXT)
    rows, places = list_members(eligible, variants)
    if (places < 0).any():
        row = int(rows[np.argmax(places < 0)])
        cure = "name them all with --variants"
        raise part.wrong("eligible", row, "has an unknown variant", cure)
    mask = np.zeros((len(part), wide), dtype=np.bool_)
    mask[rows, places] = True
    if pmf is None:
        return mask, None
    fits = list_lengths(pmf) == list_lengths(eligible)
    _same_length(part, "pmf", fits, "one number for each eligible")
    found = np.zeros(mask.shape)
    found[rows, places] = list_numbers(pmf)
    return mask, found


def read_target_column(part: RawBatch, name: str, wide: int) -> FloatArray:
    """Return a target's probabilities: (n,) of the logged variant, or (n, K) of every variant.

    Raises:
        InvalidConfigError: a value is neither a number nor such a list; with its row.
    """
    if not part.holds_lists(name):
        return part.real(name)
    return _whole(part, name, part.lists(name, REAL), wide)


def _whole(part: RawBatch, name: str, values: pa.ListArray, wide: int) -> FloatArray:
    _same_length(part, name, list_lengths(values) == wide, f"{wide} numbers, one for each variant")
    return list_numbers(values).reshape(len(values), wide)


def _same_length(part: RawBatch, name: str, fits: BoolArray, want: str) -> None:
    if not fits.all():
        row = int(np.argmin(fits))
        cure = f"write {want}, in the order of --variants"
        raise part.wrong(name, row, "is of the wrong length", cure)

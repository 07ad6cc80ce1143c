"""Export for Open Bandit Pipeline: one .npz with the arrays that its estimators take.

Keys as in `obp.dataset`: n_rounds, n_actions, context, action_context, action, position, reward,
pscore, pi_b. `action_dist` is the logged policy as an evaluation policy; it is pi_b.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final

import numpy as np
from numpy.lib import format as npy

from bandits.arrays import AnyArray, FloatArray
from bandits.evaluation import Log
from nudge.errors import InvalidRequestError
from nudge.lake.evaluation.log_batches import LogBatches, Survey, survey_log
from nudge.lake.evaluation.log_columns import Columns, Look
from nudge.lake.evaluation.log_file import LogFile

NONE_LEFT: Final = (
    "no decision can be evaluated yet: the windows are still open, or nothing was shown"
)


@dataclass
class _Column:
    """An array that grows in a file on disk.

    Attributes:
        file: raw numbers of the rows so far.
        shape: shape of one row; it and `kind` are set by the first part.
    """

    file: IO[bytes]
    shape: tuple[int, ...] = ()
    kind: np.dtype[np.generic] = field(default_factory=lambda: np.dtype(np.float64))
    rows: int = 0

    def add(self, part: AnyArray) -> None:
        """Append rows to the file."""
        self.shape, self.kind = part.shape[1:], part.dtype
        self.file.write(np.ascontiguousarray(part).tobytes())
        self.rows += len(part)

    def copy_to(self, out: IO[bytes]) -> None:
        """Write the whole array to `out` as a .npy file."""
        shape = (self.rows, *self.shape)
        descr = npy.dtype_to_descr(self.kind)
        npy.write_array_header_1_0(out, {"shape": shape, "fortran_order": False, "descr": descr})
        self.file.seek(0)
        shutil.copyfileobj(self.file, out)


def write_obp(
    log: LogFile, path: Path, attributes: object, look: Look
) -> tuple[int, Mapping[str, int]]:
    """Write the decisions that may be evaluated, one round each.

    Returns:
        Number of rounds; reason -> number of decisions left out.

    Raises:
        InvalidRequestError: no decision may be evaluated.
    """
    del attributes
    columns = Columns()
    survey = survey_log(log, columns, (), look)
    with ExitStack() as stack:
        arrays = {name: _Column(stack.enter_context(TemporaryFile())) for name in _COLUMNS}
        for part in LogBatches(log, columns, survey, None, look):
            for name, column in arrays.items():
                column.add(_COLUMNS[name](part))
        rounds = arrays["action"].rows
        if not rounds:
            raise InvalidRequestError(NONE_LEFT)
        _zip(path, arrays, _singles(survey, rounds))
    return rounds, survey.left_out


def _zip(path: Path, arrays: Mapping[str, _Column], singles: Mapping[str, AnyArray]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, column in arrays.items():
            with file.open(f"{name}.npy", "w", force_zip64=True) as out:
                column.copy_to(out)
        for name, array in singles.items():
            with file.open(f"{name}.npy", "w") as out:
                npy.write_array(out, array, allow_pickle=False)
        # The same numbers under the name by which estimators ask for a policy.
        with file.open("action_dist.npy", "w", force_zip64=True) as out:
            arrays["pi_b"].copy_to(out)


def _singles(survey: Survey, rounds: int) -> dict[str, AnyArray]:
    actions = len(survey.variants)
    return {
        "n_rounds": np.array(rounds),
        "n_actions": np.array(actions),
        "action_context": np.eye(actions),
        "action_names": np.array(survey.variants),
        "context_names": np.array(list(_context_names(survey)) or [""]),
    }


def _context_names(survey: Survey) -> Iterator[str]:
    """Yield the name of each column of the context: `city_tier=1`, or a number's attribute."""
    for one in survey.features:
        yield from (f"{one.name}={level}" for level in one.levels) if one.levels else (one.name,)


def _context(log: Log) -> FloatArray:
    """Return the features; a log without features gets a column of ones, as estimators need one."""
    return np.ones((len(log), 1)) if log.features is None else log.features


def _distribution(log: Log) -> FloatArray:
    assert log.pmf is not None  # noqa: S101 - the joined form has it
    return log.pmf[:, :, None]


_COLUMNS: Final[Mapping[str, Callable[[Log], AnyArray]]] = {
    "context": _context,
    "action": lambda log: log.variant.astype(np.int64),
    "position": lambda log: np.zeros(len(log), dtype=np.int64),
    "reward": lambda log: log.reward,
    "pscore": lambda log: log.propensity,
    "pi_b": _distribution,
}
"""Array -> function that makes it from a part of the log."""

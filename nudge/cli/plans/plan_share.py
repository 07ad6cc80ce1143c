"""A process's share of a file of visitors: every n-th piece of it."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from nudge.cli.common import load_settings
from nudge.cli.file_summary import FileOptions
from nudge.cli.plans.plan_part import AnswerFile, keep
from nudge.clock import now
from nudge.domain.people.loading import ID
from nudge.domain.timing.batch_trials import UNTOLD, Batch, TrialOutlook, is_in_pilot
from nudge.domain.timing.plan_request import PlanRequest
from nudge.domain.timing.plan_rows import PlanTerms, Row, later_row, refusal_row, row_of
from nudge.errors import NudgeError
from nudge.flows.plan import Planner, check
from nudge.logs.configuration import configure
from nudge.processes import tether
from nudge.settings.settings import Settings
from nudge.store.service.catalogue import Catalogue
from nudge.wiring.command import Installation, open_installation

if TYPE_CHECKING:  # pyarrow, which the command's help does not need
    from nudge.lake.export.plan_table import PlanRows
    from nudge.lake.intake.input_file import InputFile

log = structlog.get_logger()

SIZE: Final = 4096
"""Visitors of a piece: about one journal block for each partition."""
SOURCE: Final = "cli"
OBJECTS: Final = 1_000_000
"""New objects between two garbage collections: a piece makes many, but no cycles."""


@dataclass(frozen=True)
class PlanShare:
    """The share of one of several processes: its input, options and pieces.

    Attributes:
        source: path of the file of visitors.
        part: directory for the plans.
        options: by which the file is read.
        purpose: purpose of the contact policy for rows that name none.
        slots: further slots to decide for the same SMS.
        batch: rows of the file, which are planned at one look.
        data_dir: data directory of the installation; None takes the settings' own.
        content: tag of what the SMS says, for rows that name none.
        number: number of the share, from 0.
        of: number of shares.
    """

    source: Path
    part: AnswerFile
    options: FileOptions
    purpose: str
    slots: tuple[str, ...]
    batch: Batch
    data_dir: Path | None
    content: str = ""
    number: int = 0
    of: int = 1

    def settings(self) -> Settings:
        """Load the settings, in the command itself or in a planner's process."""
        return load_settings(self.data_dir, process="command" if self.of == 1 else "planner")


@dataclass(frozen=True)
class SharePlanner:
    """A planner of pieces, with the slots and policies of one moment.

    Attributes:
        catalogue: slots and policies.
        terms: what rows do not say themselves.
        salt: of the pilot's visitors.
        batch: the whole file.
        unit: what the numbers of rows count, for messages.
    """

    planner: Planner
    catalogue: Catalogue
    terms: PlanTerms
    batch: Batch = UNTOLD
    salt: str = ""
    unit: str = "line"

    def plan(self, piece: PlanRows, repeats: Mapping[int, int]) -> list[Row]:
        """Plan rows: a plan or a refusal for each.

        Args:
            piece: the rows.
            repeats: place of a row -> place of the first row of the same visitor.
        """
        read = self.terms.read_each(piece.rows)
        now_planned = list(map(self._is_planned, read))
        pairs = zip(read, now_planned, strict=True)
        wishes = [one for one, planned in pairs if planned and isinstance(one, PlanRequest)]
        if masked := sum(one.masked for one in wishes):
            log.warning("numbers_masked", numbers=masked, cure="leave them out of free columns")
        done = iter(self.planner.plan_each(self.catalogue, wishes, SOURCE, now(), self.batch))
        rows: list[Row] = []
        for row, line, one, planned in zip(piece.rows, piece.lines, read, now_planned, strict=True):
            if not isinstance(one, PlanRequest):
                rows.append(refusal_row(row.get(ID), self.unit, line, one))
            elif planned:
                rows.append(row_of(next(done), line, repeats.get(line)))
            else:
                rows.append(later_row(one, line, repeats.get(line)))
        return rows

    def _is_planned(self, read: PlanRequest | str) -> bool:
        """Return whether a row is planned by this look."""
        if not isinstance(read, PlanRequest):
            return False
        key = self.planner.sealer.draw_key
        return is_in_pilot(read.visitor_id, self.batch, self.salt, key)

    def look_ahead(self, piece: PlanRows) -> TrialOutlook:
        """Look at the trials among the plans of some rows; nothing is planned."""
        read = self.terms.read_each(piece.rows)
        wishes = [one for one in read if isinstance(one, PlanRequest)]
        return self.planner.look_ahead(self.catalogue, wishes, now(), self.batch)

    def gains(self, piece: PlanRows) -> list[float]:
        """Compute the expected gain of an SMS for each row; 0 for an invalid row."""
        read = self.terms.read_each(piece.rows)
        wishes = [one for one in read if isinstance(one, PlanRequest)]
        found = iter(self.planner.gains(self.catalogue, wishes, SOURCE, now(), self.batch))
        return [next(found) if isinstance(one, PlanRequest) else 0.0 for one in read]


def make_planner(installation: Installation, share: PlanShare, unit: str = "line") -> SharePlanner:
    """Make a planner of pieces over an installation's store.

    Raises:
        UnknownSlotError: a slot is not configured.
    """
    catalogue = installation.store.catalogue.refresh(Catalogue.empty())
    check(catalogue, PlanRequest("", share.slots))
    terms = PlanTerms(installation.rules, share.purpose, share.slots, share.content)
    salt = str(share.part.head["input"])
    return SharePlanner(installation.planner, catalogue, terms, share.batch, salt, unit)


def plan_share(share: PlanShare) -> str | None:
    """Plan the missing pieces of a share; return the error's message, or None."""
    from nudge.lake.export.plan_repeats import read_repeats  # noqa: PLC0415 - pyarrow
    from nudge.lake.export.plan_table import write_piece  # noqa: PLC0415 - the same

    part = share.part

    def work() -> None:
        file, repeats = share.options.open(share.source), read_repeats(part.repeats)
        with open_installation(share.settings()) as installation:
            desk = make_planner(installation, share, file.unit)
            for number, rows in _mine(share, file, part.order()):
                if not part.piece(number).exists():
                    write_piece(desk.plan(rows(), repeats), part.piece(number))

    return _catch_error(work)


def gain_share(share: PlanShare) -> str | None:
    """Compute the missing gains of a share; return the error's message, or None."""
    part = share.part

    def work() -> None:
        file = share.options.open(share.source)
        with open_installation(share.settings()) as installation:
            desk = make_planner(installation, share, file.unit)
            for number, rows in _mine(share, file, None):
                if not part.gains(number).exists():
                    keep(part.gains(number), desk.gains(rows()))

    return _catch_error(work)


def _mine(
    share: PlanShare, file: InputFile, order: Sequence[int] | None
) -> Iterator[tuple[int, Callable[[], PlanRows]]]:
    """Yield number and rows of the share's pieces; the rows are read when called."""
    from nudge.lake.export.plan_table import read_in_order, visitor_pieces  # noqa: PLC0415 - pyarrow

    pieces = visitor_pieces(file, SIZE) if order is None else read_in_order(file, SIZE, order)
    return islice(enumerate(pieces), share.number, None, share.of)


def _catch_error(work: Callable[[], None]) -> str | None:
    try:
        work()
    except NudgeError as error:
        return str(error)
    return None


def bind_to_parent(parent: int) -> None:
    """Bind this process to the command: it ends when the command ends, in whatever way."""
    configure("planner")
    if sys.platform == "linux":
        tether.tie(parent, signal.SIGKILL)
    gc.freeze()
    gc.set_threshold(OBJECTS)


def cores() -> int:
    """Count the processors that this process may use."""
    return len(os.sched_getaffinity(0))

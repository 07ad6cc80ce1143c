"""A process's share of a file of customers: every so-many-th piece of it."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from nudge.cli.common import load_settings
from nudge.cli.plan_part import AnswerFile, keep
from nudge.clock import now
from nudge.config.contact_file import load_contact
from nudge.config.segment_file import load_segments
from nudge.domain.timing.plan_request import PlanRequest
from nudge.domain.timing.plan_rows import Row, refusal_row, row_of, wish_of
from nudge.domain.timing.windows import Calendar
from nudge.errors import NudgeError
from nudge.flows.plan import Planner, check
from nudge.processes import tether
from nudge.store.service.catalogue import Catalogue
from nudge.wiring.command import Installation, open_installation

SIZE: Final = 4096
"""Customers of a piece: about a block for each partition."""
SOURCE: Final = "cli"
OBJECTS: Final = 1_000_000
"""New objects between two looks for garbage: a piece makes many, and no cycle of them."""


@dataclass(frozen=True)
class PlanShare:
    """What one of several processes does.

    Attributes:
        source: the customers.
        part: where the answers go.
        purpose: of the contact policy, where a row has none.
        slots: what else is chosen.
        data_dir: of the installation; None for that of the settings.
        number: of the share, from 0.
        of: how many shares there are.
    """

    source: Path
    part: AnswerFile
    purpose: str
    slots: tuple[str, ...]
    data_dir: Path | None
    number: int = 0
    of: int = 1


@dataclass(frozen=True)
class SharePlanner:
    """Where pieces are planned.

    Attributes:
        planner: of the installation.
        catalogue: slots and policies.
        share: what is done.
    """

    planner: Planner
    catalogue: Catalogue
    share: PlanShare

    def plan(self, rows: Sequence[Mapping[str, Any]]) -> list[Row]:
        """The answers to rows."""
        read = self._read(rows)
        wishes = [one for one in read if isinstance(one, PlanRequest)]
        done = iter(self.planner.plan_each(self.catalogue, wishes, SOURCE, now()))
        return [
            row_of(next(done))
            if isinstance(one, PlanRequest)
            else refusal_row(row["visitor_id"], one)
            for row, one in zip(rows, read, strict=True)
        ]

    def gains(self, rows: Sequence[Mapping[str, Any]]) -> list[float]:
        """What writing to the customers of rows is worth; 0 for what is no customer."""
        read = self._read(rows)
        wishes = [one for one in read if isinstance(one, PlanRequest)]
        found = iter(self.planner.gains(self.catalogue, wishes, SOURCE, now()))
        return [next(found) if isinstance(one, PlanRequest) else 0.0 for one in read]

    def _read(self, rows: Sequence[Mapping[str, Any]]) -> list[PlanRequest | str]:
        return [wish_of(row, self.share.purpose, self.share.slots) for row in rows]


def desk_of(installation: Installation, share: PlanShare) -> SharePlanner:
    """A desk at an installation's store.

    Raises:
        UnknownSlotError: a slot is not configured.
    """
    settings = installation.settings
    catalogue = installation.store.catalogue.refresh(Catalogue.empty())
    check(catalogue, PlanRequest("", share.slots))
    planner = Planner(
        store=installation.store,
        sealer=installation.sealer,
        holdout=settings.holdout,
        calendar=Calendar(load_contact(settings.config_dir)),
        segments=load_segments(settings.config_dir),
    )
    return SharePlanner(planner, catalogue, share)


def plan_share(share: PlanShare) -> str | None:
    """Plan the pieces of a share that are not there yet; what went wrong, if anything did."""
    from nudge.lake.export.plan_table import write_piece  # noqa: PLC0415 - pyarrow

    part = share.part

    def work() -> None:
        with open_installation(load_settings(share.data_dir)) as installation:
            desk = desk_of(installation, share)
            for number, rows in _mine(share, part.order()):
                if not part.piece(number).exists():
                    write_piece(desk.plan(rows()), part.piece(number))

    return _told(work)


def gain_share(share: PlanShare) -> str | None:
    """Find what a share's customers are worth; what went wrong, if anything did."""
    part = share.part

    def work() -> None:
        with open_installation(load_settings(share.data_dir)) as installation:
            desk = desk_of(installation, share)
            for number, rows in _mine(share, None):
                if not part.gains(number).exists():
                    keep(part.gains(number), desk.gains(rows()))

    return _told(work)


def _mine(
    share: PlanShare, order: Sequence[int] | None
) -> Iterator[tuple[int, Callable[[], list[dict[str, Any]]]]]:
    """The share's pieces of the file, by their number; their rows when called."""
    from nudge.lake.evaluation.logs import open_log  # noqa: PLC0415 - pyarrow
    from nudge.lake.export.plan_table import customers, in_order  # noqa: PLC0415 - the same

    log = open_log(share.source)
    pieces = customers(log, SIZE) if order is None else in_order(log, SIZE, order)
    return islice(enumerate(pieces), share.number, None, share.of)


def _told(work: Callable[[], None]) -> str | None:
    try:
        work()
    except NudgeError as error:
        return str(error)
    return None


def tied(parent: int) -> None:
    """Make this process end with the command, however that ends."""
    if sys.platform == "linux":
        tether.tie(parent, signal.SIGKILL)
    gc.freeze()
    gc.set_threshold(OBJECTS)


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0))

"""Questions to the rows of a log, as `nudge evaluate` asks them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from nudge.domain.reports.questions import TARGETS
from nudge.errors import InvalidRequestError
from nudge.lake.evaluation.log_columns import Columns

KINDS: Final = ("uniform", "always", "policy", "mabwiser", "rule", "column")


@dataclass(frozen=True)
class LogQuestion:
    """A question to the rows of a log.

    Attributes:
        target: one of `TARGETS`, or `column:NAME`.
        columns: meaning of the log's columns; their target is that of `column:`.
        variants: in the order of a target column's lists; empty where the log tells.
        level: coverage of the intervals.
    """

    target: str
    columns: Columns = field(default_factory=Columns)
    variants: tuple[str, ...] = ()
    level: float = 0.95

    @property
    def kind(self) -> str:
        """The target's kind, one of KINDS.

        Raises:
            InvalidRequestError: the target is unknown.
        """
        kind, _, name = self.target.partition(":")
        if kind not in KINDS or (kind == "uniform") == bool(name):
            cure = f"use {TARGETS}; or column:NAME"
            raise InvalidRequestError(f"{self.target!r} is not a target; {cure}")
        return kind

    @property
    def name(self) -> str:
        """The text behind the target's kind."""
        return self.target.partition(":")[2]

"""A row of the system page: one thing that runs, with its state in a word and a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

Said = dict[str, str]
RUNBOOK: Final = "docs/operations.md"
"""The document with a section for each part, `#system-PART`."""


class RowState(StrEnum):
    """State of a row: all is well, somebody should look, or something does not work."""

    OK = "ok"
    ATTENTION = "attention"
    BROKEN = "broken"


class Part(StrEnum):
    """Part of the system that rows belong to, in the order of the page."""

    STORE = "store"
    FOLDS = "folds"
    SPOOL = "spool"
    POLICIES = "policies"
    JOBS = "jobs"
    LAKE = "lake"
    NOTICES = "notices"


@dataclass(frozen=True)
class SystemRow:
    """A row of the system page.

    Attributes:
        part: that it belongs to.
        name: within the part, such as a fold's; empty where the part has one row of its kind.
        state: in a word.
        said: the same in a sentence, by language.
        figures: numbers behind the sentence.
    """

    part: Part
    name: str
    state: RowState
    said: Said
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def link(self) -> str:
        """The section of the runbook that tells what to do."""
        return f"{RUNBOOK}#system-{self.part}"

    @property
    def plain(self) -> dict[str, Any]:
        """The row as JSON."""
        head = {"part": str(self.part), "name": self.name, "state": str(self.state)}
        return head | {"figures": dict(self.figures), "link": self.link} | self.said

"""The draft of a step that could not be taken: what was typed, and why it was refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final


@dataclass(frozen=True)
class StepDraft:
    """The draft of a step.

    Attributes:
        action: of the step; empty where nothing was typed.
        values: of the form, by the names of its fields.
        problem: why it was refused, in words.
        wrong: field that has to be mended; empty for none.
    """

    action: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    wrong: str = ""

    def value(self, action: str, name: str, default: str = "") -> str:
        """Return what was typed into a field of an action's form."""
        return self.values.get(name, default) if action == self.action else default

    def refused(self, problem: str, wrong: str = "") -> StepDraft:
        """Return the draft with why it was refused."""
        return replace(self, problem=problem, wrong=wrong)


EMPTY: Final = StepDraft()

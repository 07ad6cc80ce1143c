"""The answer to "what would this policy have got", as a value."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bandits.evaluation.diagnostics import Diagnostics
from bandits.inference.interval import Estimate


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The answer.

    Attributes:
        diagnostics: what it rests on.
        on_policy: mean reward of the logged policy on the rows used; None without a row.
        estimates: by name (`ips`, `snips`, `dm`, `dr`, `sndr`); None where there is no answer.
    """

    diagnostics: Diagnostics
    on_policy: float | None
    estimates: Mapping[str, Estimate | None]

    @property
    def why(self) -> str | None:
        """Why there is no answer; None where there is one."""
        return self.diagnostics.why()

    @property
    def answerable(self) -> bool:
        """Whether the log can answer."""
        return self.why is None

    def as_dict(self) -> dict[str, object]:
        """The answer as JSON values, with null for every number that there is no answer to."""
        return {
            "n": self.diagnostics.n,
            "ess": self.diagnostics.ess,
            "max_weight": self.diagnostics.max_weight,
            "answerable": self.answerable,
            "why": self.why,
            "on_policy": self.on_policy,
            "estimators": {
                name: _plain(self.estimates[name]) for name in ("ips", "snips", "dm", "dr")
            },
        }


def _plain(estimate: Estimate | None) -> dict[str, float | None]:
    if estimate is None:
        return {"value": None, "low": None, "high": None}
    numbers = {"value": estimate.value, "low": estimate.low, "high": estimate.high}
    return {name: x if np.isfinite(x) else None for name, x in numbers.items()}

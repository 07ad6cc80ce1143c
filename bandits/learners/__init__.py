"""Learners: modules with a pure `fit` from counts to a policy, chosen by `policy.kind`.

A module is imported at its first use, so that the libraries of one learner do not load with the
others.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from bandits.config import LearnerConfig
from bandits.counts import CountTable, Interval
from bandits.errors import ConfigError
from bandits.policies.base import Policy

if TYPE_CHECKING:
    from bandits.learners.auto.memory import FitMemory

MODULES = {
    "auto": "bandits.learners.auto",
    "beta": "bandits.learners.beta",
    "uniform": "bandits.learners.constant",
    "fixed": "bandits.learners.constant",
    "mabwiser": "bandits.learners.mabwiser",
}

REMEMBERING = ("auto",)
"""Kinds of policy whose fit can start from the memory of the last one."""


class FitFunction(Protocol):
    """Signature of a learner's `fit`; see `fit` for the arguments."""

    def __call__(  # noqa: D102 - in the class docstring
        self,
        config: LearnerConfig,
        table: CountTable,
        at: float,
        *,
        seed: int,
        version: str,
        meta: Mapping[str, object] | None,
        quarantined: Sequence[Interval],
        **remembered: object,
    ) -> Policy: ...


def module_of(kind: str) -> str:
    """Return the name of the module that learns this kind of policy.

    Raises:
        ConfigError: no learner is available for the kind.
    """
    if kind not in MODULES:
        cure = f"Use one of {', '.join(sorted(MODULES))}"
        raise ConfigError("policy.kind", f"{kind!r} is not yet available", cure)
    return MODULES[kind]


def fit(
    config: LearnerConfig,
    table: CountTable,
    at: float,
    *,
    seed: int = 0,
    version: str = "0",
    meta: Mapping[str, object] | None = None,
    quarantined: Sequence[Interval] = (),
    memory: "FitMemory | None" = None,
) -> Policy:
    """Fit the policy of a slot to its counts, with the learner of `config.policy.kind`.

    Args:
        config: the slot.
        table: counts of the slot.
        at: time of the fit in seconds.
        seed: determines the policy, together with config, table and `at`.
        version: version of the policy.
        meta: JSON values stored with the policy, such as journal positions.
        quarantined: intervals [from, to) in seconds to leave out.
        memory: state of earlier fits of the same slot, changed in place. A fit with it takes half
            the time and scores the half-lives at more times. Some kinds ignore it.

    Raises:
        ConfigError: no learner is available for the kind of policy.
    """
    kind = config.policy.kind
    learner = cast("FitFunction", import_module(module_of(kind)).fit)
    remembered = {"memory": memory} if kind in REMEMBERING else {}
    return learner(
        config, table, at, seed=seed, version=version, meta=meta, quarantined=quarantined,
        **remembered,
    )  # fmt: skip

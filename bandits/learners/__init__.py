"""The learning side: from counts to a policy.

A learner is a module with a pure `fit`; `policy.kind` names it. It is imported when it is first
asked for, so that one learner's libraries are no burden to the others.
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
    "logistic": "bandits.learners.auto",
    "uniform": "bandits.learners.constant",
    "fixed": "bandits.learners.constant",
    "mabwiser": "bandits.learners.mabwiser",
}


REMEMBERING = ("auto", "logistic")
"""Kinds whose learner starts where its last fit ended, if it is given the memory of it."""


class FitFunction(Protocol):
    """The signature of a learner's `fit`."""

    def __call__(  # noqa: D102 - told by the class
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
    """The module that learns this kind of policy.

    Raises:
        ConfigError: where the kind is not available.
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
    """The policy that `config.policy.kind` learns from the counts.

    Args:
        config: the slot.
        table: its counts.
        at: the time of the fit in seconds.
        seed: with config, table and at it determines the policy.
        version: the name that the policy gets.
        meta: JSON values that travel with it, such as journal positions.
        quarantined: intervals [from, to) in seconds to leave out.
        memory: of earlier fits of the same slot, changed in place: a fit that has it takes half
            the time and judges the half-lives at more places. Kinds that have no use for it leave
            it alone.

    Raises:
        ConfigError: where this kind of policy is not available.
    """
    kind = config.policy.kind
    learner = cast("FitFunction", import_module(module_of(kind)).fit)
    remembered = {"memory": memory} if kind in REMEMBERING else {}
    return learner(
        config, table, at, seed=seed, version=version, meta=meta, quarantined=quarantined,
        **remembered,
    )  # fmt: skip

"""Constant learner: the uniform policy and the operator's fixed rule, which ignore the counts."""

from collections.abc import Mapping, Sequence

from bandits.config import LearnerConfig
from bandits.counts import CountTable, Interval
from bandits.policies.base import Policy
from bandits.policies.fixed import NO_CHOICE, FixedPolicy
from bandits.policies.uniform import UniformPolicy


def fit(
    config: LearnerConfig,
    table: CountTable,  # noqa: ARG001 - the signature is that of every learner
    at: float,  # noqa: ARG001
    *,
    seed: int = 0,  # noqa: ARG001
    version: str = "0",
    meta: Mapping[str, object] | None = None,
    quarantined: Sequence[Interval] = (),  # noqa: ARG001
) -> Policy:
    """Return the policy, which the configuration alone determines; see `learners.fit`."""
    policy = config.policy
    if policy.kind == "uniform":
        return UniformPolicy(arms=config.names, version=version, meta=meta or {})
    return FixedPolicy(
        arms=config.names,
        version=version,
        meta=meta or {},
        arm=NO_CHOICE if policy.arm is None else policy.arm,
        by=policy.by,
        by_value=policy.arms,
        floor=policy.floor,
    )

"""Policy table of a slot: its keys, their defaults and their limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bandits.config_mabwiser import read_options
from bandits.config_values import Table, as_table, read_duration, read_number, read_whole, text_of
from bandits.errors import ConfigError

KINDS = ("auto", "beta", "mabwiser", "uniform", "fixed")
FORMER_KINDS = {"logistic": "auto"}  # stored slots may still name these
KEYS = (
    "kind", "floor", "half_life", "draws", "max_cells", "strength", "arm", "by", "arms", "prior",
    "prior_visitors", "options", "page_share", "give_up", "explore_share",
)  # fmt: skip
TABLE_CELLS = 512  # a table holds draws for every cell
PRIOR_VISITORS = 300.0  # that a rule is worth
GIVE_UP = 0.05  # of the baseline's reward, while learning
FEATURE_CELLS = 4096  # features hold none: only the counts grow


@dataclass(frozen=True, slots=True)
class PolicyConfig:
    """Policy settings of a slot.

    Attributes:
        kind: one of KINDS; `auto` is the default learner.
        floor: least propensity of each eligible arm.
        half_life: age in seconds at which an exposure counts half; infinite for no forgetting;
            None lets the learner choose.
        draws: M, the number of posterior draws in a snapshot.
        max_cells: most cells of the context; with more, attributes are coarsened.
        strength: weight of the slot's overall rate in one cell, in conversions; None: from the
            data.
        arm: index of the fixed arm (kind `fixed`), None otherwise.
        by: the context attribute whose value selects the fixed arm; None for one arm.
        arms: value of `by` -> index of the fixed arm.
        prior: attribute whose match is the rule that the learner starts from, such as
            `last_amount`; None for none.
        prior_odds: index of the arm -> its odds beside the others, a rule in numbers; empty for
            none. Arms that are not named have the least of them.
        prior_visitors: weight of either rule, in visitors.
        options: MABWiser's learning policy and parameters (kind `mabwiser`).
        page_share: most by which what nobody but a page has said may move a probability; None
            leaves it to whoever publishes.
        give_up: share of the baseline's reward that learning may cost; 1 sets no bound.
        explore_share: share of the draws that explore; the others show the arm that leads.
    """

    kind: str = "auto"
    floor: float = 0.0
    half_life: float | None = None
    draws: int = 128
    max_cells: int = FEATURE_CELLS
    strength: float | None = None
    arm: int | None = None
    by: str | None = None
    arms: Mapping[str, int] = field(default_factory=dict)
    prior: str | None = None
    prior_visitors: float = PRIOR_VISITORS
    options: Mapping[str, object] = field(default_factory=dict)
    page_share: float | None = None
    prior_odds: Mapping[int, float] = field(default_factory=dict)
    give_up: float = GIVE_UP
    explore_share: float = 1.0


def default_floor(arms: int) -> float:
    """Return the floor of a slot that does not set one: min(.02, .2 / K)."""
    return min(0.02, 0.2 / arms)


def read_policy(table: Table, names: tuple[str, ...]) -> PolicyConfig:
    """Read and check the policy table of a slot.

    The default floor of a fixed policy is 0: a fixed arm is meant to be always drawn.

    Args:
        table: the policy table.
        names: names of the slot's arms, in the order of their indices.

    Raises:
        ConfigError: a value is invalid; the message names the dotted key and the cure.
    """
    kind = _read_kind(table)
    floor = 0.0 if kind == "fixed" else default_floor(len(names))
    cells = FEATURE_CELLS if kind == "auto" else TABLE_CELLS
    half_life = table.get("half_life")
    strength, share = table.get("strength"), table.get("page_share")
    return PolicyConfig(
        kind=kind,
        floor=read_number(table.get("floor", floor), "policy.floor", 0.0, 1.0 / len(names)),
        half_life=None if half_life is None else read_duration(half_life, "policy.half_life"),
        draws=read_whole(table.get("draws", 128), "policy.draws", 1, 65536),
        max_cells=read_whole(table.get("max_cells", cells), "policy.max_cells", 1, 1_000_000),
        strength=None if strength is None else read_number(strength, "policy.strength", 1e-3, 1e6),
        arm=_read_arm(table, names, kind),
        by=_text_or_none(table, "by"),
        arms=_read_arms(table, names),
        prior=None if isinstance(table.get("prior"), Mapping) else _text_or_none(table, "prior"),
        prior_odds=_read_odds(table, names),
        prior_visitors=read_number(
            table.get("prior_visitors", PRIOR_VISITORS), "policy.prior_visitors", 0.0
        ),
        options=_read_options(table, kind),
        page_share=None if share is None else read_number(share, "policy.page_share", 0.0, 1.0),
        give_up=read_number(table.get("give_up", GIVE_UP), "policy.give_up", 0.001, 1.0),
        explore_share=read_number(
            table.get("explore_share", 1.0), "policy.explore_share", 0.001, 1.0
        ),
    )


def _read_kind(table: Table) -> str:
    kind = str(table.get("kind", "auto"))
    kind = FORMER_KINDS.get(kind, kind)
    if kind not in KINDS:
        raise ConfigError("policy.kind", f"{kind!r} is unknown", f"Use one of {', '.join(KINDS)}")
    return kind


def _read_options(table: Table, kind: str) -> Table:
    extra = {key: value for key, value in table.items() if key not in KEYS}
    if extra and kind != "mabwiser":  # `read_options` checks the parameters of MABWiser
        known = ", ".join(KEYS)
        raise ConfigError(f"policy.{min(extra)}", "is not a key of a policy", f"Known are: {known}")
    options = {**as_table(table.get("options", {}), "policy.options"), **extra}
    if kind == "mabwiser":
        read_options(options)
    return options


def _read_arm(table: Table, names: tuple[str, ...], kind: str) -> int | None:
    if table.get("arm") is not None:
        return read_index(table["arm"], names, "policy.arm")
    if kind == "fixed" and not table.get("arms"):
        cure = 'Name the arm, such as arm = "100", or give `by` and `arms`'
        raise ConfigError("policy.arm", "is missing from a fixed policy", cure)
    return None


def _read_arms(table: Table, names: tuple[str, ...]) -> Mapping[str, int]:
    arms = as_table(table.get("arms", {}), "policy.arms")
    if arms and not table.get("by"):
        cure = 'Name the context attribute, such as by = "page"'
        raise ConfigError("policy.by", "is missing", cure)
    return {value: read_index(arm, names, f"policy.arms.{value}") for value, arm in arms.items()}


def _read_odds(table: Table, names: tuple[str, ...]) -> Mapping[int, float]:
    """Return the odds of every arm; empty where `prior` is not a table."""
    if not isinstance(table.get("prior"), Mapping):
        return {}
    odds = {
        read_index(name, names, f"policy.prior.{name}"): read_number(
            value, f"policy.prior.{name}", 1e-3, 1e3
        )
        for name, value in as_table(table["prior"], "policy.prior").items()
    }
    if not odds:
        raise ConfigError("policy.prior", "is empty", "Give odds, such as { end = 10, mid = 1 }")
    least = min(odds.values())
    return {arm: odds.get(arm, least) for arm in range(len(names))}


def read_index(value: object, names: tuple[str, ...], key: str) -> int:
    """Return the index of an arm that is given by its name.

    Raises:
        ConfigError: there is no such arm.
    """
    text = text_of(value)
    if text not in names:
        raise ConfigError(key, f"{value!r} is not an arm", f"Use one of {', '.join(names)}")
    return names.index(text)


def _text_or_none(table: Table, key: str) -> str | None:
    value = table.get(key)
    if value is None or (isinstance(value, str) and value):
        return value
    raise ConfigError(f"policy.{key}", f"{value!r} is not a text", "Give a name, or leave it out")

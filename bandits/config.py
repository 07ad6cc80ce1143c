"""Configuration of a learner: a slot's arms, context, policy and reward, read and checked.

The input has the form of a slot's TOML file as plain dicts: `arms` (in a slot: `variants`),
`context`, `policy` and `reward`. Of `reward` only the objective and the window are read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from bandits.config_policy import PolicyConfig, read_policy
from bandits.config_values import (
    Table,
    as_table,
    read_duration,
    read_named_tables,
    read_number,
    text_of,
)
from bandits.errors import ConfigError

__all__ = ["Arm", "AttributeSpec", "LearnerConfig", "PolicyConfig", "read_config"]

AttributeKind: TypeAlias = Literal["category", "number", "flag"]
Objective: TypeAlias = Literal["conversion", "revenue"]

KINDS: Mapping[str, AttributeKind] = {
    "category": "category",
    "categorical": "category",
    "categories": "category",
    "number": "number",
    "numeric": "number",
    "flag": "flag",
    "bool": "flag",
    "boolean": "flag",
}


@dataclass(frozen=True, slots=True)
class Arm:
    """One alternative of a slot.

    Attributes:
        attributes: values such as the amount, by which models share what they learn between arms.
    """

    name: str
    attributes: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AttributeSpec:
    """One attribute of the context, and the cuts that turn its values into levels.

    Attributes:
        name: key in the context.
        kind: `category` (one of listed values), `number` or `flag`.
        cells: the listed values of a category, the ascending cut points of a number, () of a flag.
    """

    name: str
    kind: AttributeKind
    cells: tuple[str, ...] | tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class LearnerConfig:
    """Configuration of the learner of one slot revision.

    Attributes:
        arms: the alternatives, in the order of their indices.
        context: the attributes known when deciding.
        objective: the reward that is maximised, conversions or revenue.
        window: attribution window in seconds; None where the slot names none.
    """

    arms: tuple[Arm, ...]
    context: tuple[AttributeSpec, ...]
    policy: PolicyConfig
    objective: Objective = "conversion"
    window: float | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the arms, in the order of their indices."""
        return tuple(arm.name for arm in self.arms)


def read_config(mapping: Mapping[str, object]) -> LearnerConfig:
    """Read and check the configuration of a slot's learner.

    Args:
        mapping: `arms` or `variants`, and optionally `context`, `policy`, `reward`. Arms and
            context are lists of tables with a name, or mappings name -> table. Other keys belong
            to the service and are ignored.

    Raises:
        ConfigError: a value is invalid; the message names the dotted key and the cure.
    """
    word = "variants" if "arms" not in mapping and "variants" in mapping else "arms"
    arms = _read_arms(mapping.get(word, []), word)
    context = tuple(
        _read_attribute(name, table, f"context.{name}")
        for name, table in read_named_tables(mapping.get("context", []), "context")
    )
    names = tuple(arm.name for arm in arms)
    policy = read_policy(as_table(mapping.get("policy", {}), "policy"), names)
    return LearnerConfig(arms, context, policy, _read_objective(mapping), _read_window(mapping))


def _read_arms(value: object, word: str) -> tuple[Arm, ...]:
    tables = read_named_tables(value, word)
    if not tables:
        raise ConfigError(word, "is empty", 'Give at least one, such as {name = "a50"}')
    return tuple(_read_arm(name, table, f"{word}.{name}") for name, table in tables)


def _read_arm(name: str, table: Table, key: str) -> Arm:
    return Arm(name, as_table(table.get("attributes", {}), f"{key}.attributes"))


def _read_attribute(name: str, table: Table, key: str) -> AttributeSpec:
    word = table.get("kind", "category")
    kind = KINDS.get(str(word))
    if kind is None:
        cure = "Use category, number or flag"
        raise ConfigError(f"{key}.kind", f"{word!r} is not a kind of attribute", cure)
    cells = table.get("cells", [])
    if not isinstance(cells, list | tuple):
        raise ConfigError(f"{key}.cells", "is not a list", "Give a list, such as [10, 30, 100]")
    if kind == "category":
        return AttributeSpec(name, kind, _read_values(cells, f"{key}.cells"))
    if kind == "number":
        return AttributeSpec(name, kind, _read_cuts(cells, f"{key}.cells"))
    return AttributeSpec(name, kind)


def _read_values(cells: list[object] | tuple[object, ...], key: str) -> tuple[str, ...]:
    texts = tuple(text for text in map(text_of, cells) if text is not None)
    if len(texts) != len(cells) or len(set(texts)) != len(texts):
        raise ConfigError(key, "has an unusable or repeated value", "List each value once, as text")
    return texts


def _read_cuts(cells: list[object] | tuple[object, ...], key: str) -> tuple[float, ...]:
    cuts = tuple(read_number(cell, key) for cell in cells)
    if list(cuts) != sorted(set(cuts)):
        raise ConfigError(key, "cut points do not ascend", "List them from small to large, once")
    return cuts


def _read_window(mapping: Mapping[str, object]) -> float | None:
    reward = mapping.get("reward")
    value = reward.get("window") if isinstance(reward, Mapping) else None
    return None if value is None else read_duration(value, "reward.window")


def _read_objective(mapping: Mapping[str, object]) -> Objective:
    reward = mapping.get("reward", mapping.get("objective", "conversion"))
    if isinstance(reward, Mapping):
        reward = reward.get("objective", reward.get("kind", "conversion"))
    if reward == "conversion":
        return "conversion"
    if reward == "revenue":
        return "revenue"
    raise ConfigError("reward.kind", f"unknown objective {reward!r}", "Use conversion or revenue")

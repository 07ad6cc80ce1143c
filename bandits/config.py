"""Configuration of a learner: a slot's arms, context, policy and reward, read and checked.

The input has the form of a slot's TOML file as plain dicts: `arms` (in a slot: `variants`),
`context`, `policy` and `reward`. Of `reward` only the objective and the window are read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from bandits.config_policy import PolicyConfig, read_index, read_policy
from bandits.config_values import (
    Table,
    as_table,
    read_duration,
    read_named_tables,
    read_number,
    text_of,
)
from bandits.errors import ConfigError

__all__ = ["Arm", "ArmRule", "AttributeSpec", "LearnerConfig", "PolicyConfig", "read_config"]

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
class ArmRule:
    """Rule that names an arm for each value of one attribute.

    Attributes:
        by: name of the attribute.
        arms: value as text -> index of the arm.
        rest: index of the arm for all other values; None for none.
    """

    by: str
    arms: Mapping[str, int]
    rest: int | None = None


@dataclass(frozen=True, slots=True)
class LearnerConfig:
    """Configuration of the learner of one slot revision.

    Attributes:
        arms: the alternatives, in the order of their indices.
        context: the attributes known when deciding.
        objective: the reward that is maximised, conversions or revenue.
        window: attribution window in seconds; None where the slot names none.
        rule: the operator's own rule; None where the slot names none.
        fallback: arm by page; None where the slot names none.
    """

    arms: tuple[Arm, ...]
    context: tuple[AttributeSpec, ...]
    policy: PolicyConfig
    objective: Objective = "conversion"
    window: float | None = None
    rule: ArmRule | None = None
    fallback: ArmRule | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the arms, in the order of their indices."""
        return tuple(arm.name for arm in self.arms)


def read_config(mapping: Mapping[str, object]) -> LearnerConfig:
    """Read and check the configuration of a slot's learner.

    Args:
        mapping: `arms` or `variants`, and optionally `context`, `policy`, `reward`, `rule` (by,
            arms, rest), `fallback` (default, and a page's own). Arms and context are lists of
            tables with a name, or mappings name -> table. Other keys belong to the service and are
            ignored.

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
    objective, window = _read_objective(mapping), _read_window(mapping)
    rule, fallback = _read_rule(mapping, names), _read_fallback(mapping, names)
    return LearnerConfig(arms, context, policy, objective, window, rule, fallback)


def _read_rule(mapping: Mapping[str, object], names: tuple[str, ...]) -> ArmRule | None:
    if mapping.get("rule") is None:
        return None
    table = as_table(mapping["rule"], "rule")
    arms = as_table(table.get("arms", {}), "rule.arms")
    by, rest = table.get("by"), table.get("rest")
    if not isinstance(by, str) or not by:
        raise ConfigError("rule.by", "is missing", 'Name the attribute, such as by = "page"')
    return ArmRule(
        by,
        {value: read_index(arm, names, f"rule.arms.{value}") for value, arm in arms.items()},
        None if rest is None else read_index(rest, names, "rule.rest"),
    )


def _read_fallback(mapping: Mapping[str, object], names: tuple[str, ...]) -> ArmRule | None:
    table = as_table(mapping.get("fallback") or {}, "fallback")
    if not table:
        return None
    found = {page: read_index(arm, names, f"fallback.{page}") for page, arm in table.items()}
    rest = found.pop("default", None)
    return ArmRule("page", found, rest)


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

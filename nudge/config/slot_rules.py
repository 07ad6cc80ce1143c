"""Rules between the keys of a slot's table, beyond the form of each key.

A rule yields pairs (dotted key, problem and cure). It sees a draft, from which everything already
found wrong may be missing, so that one mistake is reported once and hides no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from bandits.config_policy import KEYS, default_floor, read_policy
from bandits.config_values import text_of
from bandits.errors import ConfigError
from nudge.config.window_value import window_of
from nudge.domain.basics.slot_values import is_number, scalar_problem, suggestion
from nudge.domain.slots.holdout import GLOBAL
from nudge.domain.slots.operator_rule import OperatorRule
from nudge.domain.slots.reward_event import PAID, reward_rule
from nudge.domain.slots.slot import DEFAULT_PAGE
from nudge.domain.slots.window import SLOT as TIMING
from nudge.domain.slots.window import Window, windows_for

Problem = tuple[str, str]
BESIDE = ("channel", "page")
"""Fields of a request that an operator's rule may name besides the slot's attributes."""
POLICY_KEYS = tuple(key for key in KEYS if key != "floor")


@dataclass(frozen=True)
class SlotDraft:
    """A slot's table while it is checked.

    Attributes:
        data: the schema's result, without refused values.
        names: the variants' names as written, refused ones included.
    """

    data: Mapping[str, Any]
    names: tuple[str, ...]

    @classmethod
    def of(cls, table: object, data: Mapping[str, Any]) -> SlotDraft:
        """Build the draft of a raw table and the schema's result."""
        raw = table.get("variants") if isinstance(table, Mapping) else None
        tables = [one for one in raw if isinstance(one, Mapping)] if isinstance(raw, list) else []
        return cls(data, tuple(str(one["name"]) for one in tables if "name" in one))

    @property
    def kind(self) -> object:
        """The kind of policy."""
        return self.data.get("policy", {}).get("kind", "auto")


Rule = Callable[[SlotDraft], Iterator[Problem]]


def floor_of(data: Mapping[str, Any], kind: object) -> float:
    """Return the floor as written, or the default; it is 0 for a policy that fixes one variant."""
    default = 0.0 if kind == "fixed" else default_floor(len(data["variants"]))
    return float(data.get("floor", default))


def slot_name(draft: SlotDraft) -> Iterator[Problem]:
    """Refuse the name of the global holdout.

    A slot of that name would share the holdout's salt, and so its subjects.
    """
    if draft.data.get("slot") == GLOBAL:
        yield "slot", f"{GLOBAL!r} is reserved for the global holdout; use another name"


def unique_names(draft: SlotDraft) -> Iterator[Problem]:
    """Require that names of variants and attributes are unique."""
    context = [one["name"] for one in draft.data.get("context", ()) if "name" in one]
    for key, names in (("variants", list(draft.names)), ("context", context)):
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield f"{key}.{name}.name", "is given twice; give each name once"


def fallback(draft: SlotDraft) -> Iterator[Problem]:
    """Require a default fallback, and fallbacks that are variants."""
    table = draft.data.get("fallback")
    if table is None:
        return
    if DEFAULT_PAGE not in table:
        yield f"fallback.{DEFAULT_PAGE}", "is missing; name the variant for every other page"
    for page, name in table.items():
        if draft.names and name not in draft.names:
            yield f"fallback.{page}", f"unknown variant {name!r}; {suggestion(name, draft.names)}"


def floor(draft: SlotDraft) -> Iterator[Problem]:
    """Require a floor that leaves room for all variants.

    Only a fixed policy may have a floor of 0: without a floor a log answers no later question.
    """
    value, count = draft.data.get("floor"), len(draft.names)
    if value is None or not count:
        return
    if not 0 <= value <= 1 / count:
        yield "floor", f"{value:g} is out of range; use at most 1/{count} = {1 / count:.4g}"
    elif value == 0 and draft.kind != "fixed":
        default = default_floor(count)
        yield "floor", f"0 would leave variants untried; use {default:.4g}, or leave it out"


def policy(draft: SlotDraft) -> Iterator[Problem]:
    """Require a policy that the learners can read; `floor` belongs to the slot."""
    table = dict(draft.data.get("policy", {}))
    if table.pop("floor", None) is not None:
        yield "policy.floor", "is in the wrong place; write floor at the top of the file"
    if draft.kind != "mabwiser":  # whose parameters are its own
        for key in [key for key in table if key not in POLICY_KEYS]:
            del table[key]
            yield f"policy.{key}", f"is unknown; {suggestion(key, POLICY_KEYS)}"
    try:
        read_policy(table, draft.names or ("",))
    except ConfigError as error:
        if draft.names or error.key == "policy.kind":
            yield error.key, f"{error.message}; {error.cure[:1].lower()}{error.cure[1:]}"


def objective(draft: SlotDraft) -> Iterator[Problem]:
    """Require payments for the objective `revenue`: only a payment has an amount."""
    reward = draft.data.get("reward", {})
    types = reward_rule(reward.get("event", PAID)).types
    if reward.get("objective") == "revenue" and PAID not in types:
        yield "reward.objective", 'revenue needs amounts; use "conversion", or event = "paid"'


def guard(draft: SlotDraft) -> Iterator[Problem]:
    """Require payments for the metric `downgrade`: only a payment can become smaller."""
    watched = draft.data.get("guard", {}).get("metrics", ())
    types = reward_rule(draft.data.get("reward", {}).get("event", PAID)).types
    if "downgrade" in watched and PAID not in types:
        yield "guard.metrics", 'downgrade needs amounts; use "abandonment", or event = "paid"'


def cells(draft: SlotDraft) -> Iterator[Problem]:
    """Require different categories, rising cut points, and no cells for a flag."""
    for attribute in draft.data.get("context", ()):
        wrong = _cells_problem(attribute.get("kind"), attribute.get("cells", []))
        if wrong is not None and "name" in attribute:
            yield f"context.{attribute['name']}.cells", wrong


def season(draft: SlotDraft) -> Iterator[Problem]:
    """Require that a variant's availability ends after it starts."""
    for variant in draft.data.get("variants", ()):
        available = variant.get("available", {})
        starts, ends = available.get("starts"), available.get("ends")
        if starts is not None and ends is not None and ends <= starts and "name" in variant:
            key = f"variants.{variant['name']}.available.ends"
            yield key, "is not after its start; give a later date and time"


def free_amount(draft: SlotDraft) -> Iterator[Problem]:
    """Require a range of free amounts that is not empty."""
    table = draft.data.get("free_amount", {})
    least, most = table.get("min"), table.get("max")
    if least is not None and most is not None and most < least:
        yield "free_amount.max", f"is below min = {least:g}; give the same or more"


def fallback_in_stock(draft: SlotDraft) -> Iterator[Problem]:
    """Refuse stock and exclusive groups on a fallback, which must be there for everybody."""
    shown = set(draft.data.get("fallback", {}).values())
    for variant in draft.data.get("variants", ()):
        for key in ("stock", "exclusive"):
            if variant.get("name") in shown and variant.get("available", {}).get(key) is not None:
                where = f"variants.{variant['name']}.available.{key}"
                yield where, "is on a fallback, which must always be there; use another fallback"


def windows(draft: SlotDraft) -> Iterator[Problem]:
    """Require send windows as the variants of `sms_timing`, of one anchor for each purpose."""
    if draft.data.get("slot") != TIMING:
        return
    found: dict[str, Window] = {}
    for variant in draft.data.get("variants", ()):
        name = variant.get("name", "")
        try:
            found[name] = window_of(variant.get("value"))
        except ValueError as error:
            yield f"variants.{name}.value", str(error)
        if variant.get("available", {}).get("stock") is not None:
            yield f"variants.{name}.available.stock", "is on a window; leave it out"
    yield from _purpose_problems(draft, found)


def trials(draft: SlotDraft) -> Iterator[Problem]:
    """Require plans where there are trials of plans."""
    if "trials" in draft.data and draft.data.get("slot") != TIMING:
        yield "trials", f"belongs to {TIMING}, whose plans are made many at a time; leave it out"


def comparison(draft: SlotDraft) -> Iterator[Problem]:
    """Require a rule over a known attribute and known variants, and visitors for the policy."""
    table = draft.data.get("comparison", {})
    share, text = table.get("share", 0.0), table.get("rule")
    if share + draft.data.get("holdout", 0.0) >= 1:
        yield "comparison.share", "leaves nobody for the policy beside holdout; use a smaller share"
    if text is None:
        return
    try:
        rule = OperatorRule.parse(text)
    except ValueError as error:
        yield "comparison.rule", str(error)
        return
    for name in rule.find_unknown(draft.names) if draft.names else ():
        yield "comparison.rule", f"unknown variant {name!r}; {suggestion(name, draft.names)}"
    yield from _attribute_problems(draft, rule.by)


def _purpose_problems(draft: SlotDraft, found: Mapping[str, Window]) -> Iterator[Problem]:
    """Find purposes whose windows do not belong together, or lack the fallback."""
    shown = draft.data.get("fallback", {})
    named = list(dict.fromkeys(one for window in found.values() for one in window.purposes))
    for purpose in (None, *named):
        own = windows_for(found, purpose or "")
        told = f" of {purpose}" if purpose else ""
        if len({window.anchor for window in own.values()}) > 1:
            cure = "use one anchor for all windows of a purpose: month, cycle or now"
            yield "variants", f"count from different anchors{told}; {cure}"
        name = shown.get(purpose, shown.get(DEFAULT_PAGE))
        if purpose and name in found and name not in own:
            cure = f"name one of {', '.join(own)}"
            yield f"fallback.{purpose}", f"is missing: {name} is for other purposes; {cure}"


RULES: tuple[Rule, ...] = (
    slot_name,
    unique_names,
    fallback,
    fallback_in_stock,
    floor,
    policy,
    objective,
    guard,
    cells,
    season,
    free_amount,
    windows,
    trials,
    comparison,
)


def _attribute_problems(draft: SlotDraft, name: str) -> Iterator[Problem]:
    """Find what is wrong with the attribute of the operator's rule."""
    kinds = {one["name"]: one.get("kind") for one in draft.data.get("context", ()) if "name" in one}
    kinds = dict.fromkeys(BESIDE, "category") | kinds
    if name not in kinds:
        cure = suggestion(name, tuple(kinds))
        yield "comparison.rule", f"unknown attribute {name!r}; {cure}, or add it as [[context]]"
    elif kinds[name] == "number":
        cure = "use a category or a flag, such as page"
        yield "comparison.rule", f"{name!r} is a number, which has no values to name; {cure}"


def _cells_problem(kind: object, values: list[object]) -> str | None:
    if kind == "flag":
        return "a flag has no cells; leave them out" if values else None
    if kind == "number":
        return _cuts_problem(values)
    return _categories_problem(values) if kind == "category" else None


def _cuts_problem(values: list[object]) -> str | None:
    numbers = [v for v in values if is_number(v)]
    if not values or len(numbers) < len(values) or any(map(scalar_problem, numbers)):
        return "does not hold numbers; list cut points, such as [10, 30, 100]"
    rising = all(low < high for low, high in pairwise(numbers))
    return None if rising else "does not rise; list cut points from small to large, each once"


def _categories_problem(values: list[object]) -> str | None:
    texts = [None if isinstance(v, float) else text_of(v) for v in values]
    if not texts or None in texts:
        return 'does not hold categories; list them as text, such as ["web", "app"]'
    return None if len(set(texts)) == len(texts) else "repeats a category; list each once"

"""The form of a what-if question: a sentence with gaps, and the target that it stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import gettext as _

from nudge.pages.screens.slots.variant_names import Names
from nudge.pages.slot_words import CHANNELS, dimension_word, value_word

Json = Mapping[str, Any]
ROWS: Final = 3
"""Conditions of a rule that the form has room for."""
WAYS: Final = ("rule", "always", "uniform", "version")
DAYS: Final = ("7", "30", "90")
BREAKING: Final = frozenset(",=\n\r")
"""Signs that a rule cannot hold in a value."""


@dataclass(frozen=True)
class ConditionGroup:
    """An attribute with the values that a condition may name.

    Attributes:
        by: the attribute.
        label: its name.
        values: (value of the form, label).
    """

    by: str
    label: str
    values: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class WhatIfForm:
    """A question as somebody has filled it in.

    Attributes:
        way: one of `WAYS`.
        conditions: (condition, variant) of a rule; "" where a gap is open.
        rest: variant of all others, or of everybody.
        version: of the policy.
        days: that are looked back; "" for all.
        asked: the form was sent.
    """

    way: str
    conditions: Sequence[tuple[str, str]]
    rest: str
    version: str
    days: str
    asked: bool

    @classmethod
    def read(cls, query: Mapping[str, str], names: Names) -> WhatIfForm:
        """Read the form from an address; what is not among the choices counts as open."""
        way = query.get("way", "rule")
        version, days = query.get("version", ""), query.get("days", "")
        return cls(
            way if way in WAYS else "rule",
            [
                (query.get(f"if{i}", ""), _known(query.get(f"show{i}", ""), names))
                for i in range(ROWS)
            ],
            _known(query.get("rest", ""), names),
            version if version.isascii() and version.isdigit() else "",
            days if days in DAYS else "",
            "way" in query,
        )

    def problem(self, groups: Sequence[ConditionGroup]) -> str:
        """Return what is missing, in words; "" where the question can be asked."""
        if self.way == "uniform":
            return ""
        if self.way == "version":
            return "" if self.version else str(_("Choose a version of the policy."))
        if not self.rest:
            return str(_("Choose what is shown."))
        return self._rule_problem(groups) if self.way == "rule" else ""

    def _rule_problem(self, groups: Sequence[ConditionGroup]) -> str:
        known = {value for group in groups for value, _label in group.values}
        used = [condition for condition, _shown in self._used]
        checks = (
            (not used, _("Choose at least one group of visitors and what it is shown.")),
            (
                not known.issuperset(used),
                _("This group of visitors is not known here. Choose one of the list."),
            ),
            (
                len({one.partition(":")[0] for one in used}) > 1,
                _("A rule divides visitors by one attribute. Choose groups of the same one."),
            ),
            (
                len(set(used)) < len(used),
                _("A group of visitors stands there twice. Choose each one once."),
            ),
        )
        return next((str(text) for wrong, text in checks if wrong), "")

    @property
    def _used(self) -> list[tuple[str, str]]:
        return [one for one in self.conditions if one[0] and one[1]]

    @property
    def target(self) -> str:
        """The target of the API's evaluation."""
        if self.way == "uniform":
            return "uniform"
        if self.way == "version":
            return f"policy:{self.version}"
        if self.way == "always":
            return f"always:{self.rest}"
        used = self._used
        by = used[0][0].partition(":")[0]
        parts = [f"{condition.partition(':')[2]}={shown}" for condition, shown in used]
        return f"rule:{by}:{','.join([*parts, f'*={self.rest}'])}"


def condition_groups(slot: Json, model: Json | None) -> list[ConditionGroup]:
    """Return what a rule may divide visitors by: channel, page, and the slot's own categories.

    Args:
        slot: as the API answers it.
        model: of the slot, which knows the values that came; None where it may not be seen.
    """
    found: dict[str, list[str]] = {"channel": list(CHANNELS[:4])}
    pages = [page for page in slot["fallback"] if page != "default"]
    found["page"] = pages
    for one in slot.get("context", ()):
        if one["kind"] == "category":
            cells = [str(cell) for cell in one.get("cells", ())]
            found[one["name"]] = list(dict.fromkeys([*found.get(one["name"], []), *cells]))
    for told in (model or {}).get("values", ()):
        if told["attribute"] in found and told["value"] is not None:
            found[told["attribute"]].append(str(told["value"]))
    return [
        ConditionGroup(by, dimension_word(by), [(f"{by}:{v}", value_word(by, v)) for v in values])
        for by, all_values in found.items()
        if (values := [v for v in dict.fromkeys(all_values) if v and not BREAKING & set(v)])
    ]


def _known(name: str, names: Names) -> str:
    return name if name in names else ""

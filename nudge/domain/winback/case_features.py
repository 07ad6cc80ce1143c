"""Features of a case of win-back: what is known when it opens, the same at the fit and on the list.

Pure. What changes by the day, such as how long somebody is silent, is no feature: it would not be
the same when the list is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nudge.domain.slots.slot import Scalar
from nudge.domain.values.number_words import mask_numbers
from nudge.domain.values.plain_text import trim
from nudge.domain.winback.uplift_in_force import YES

ATTRIBUTES: Final = ("payments", "usual_amount", "spending_change", "mobile_before", "tier")
"""Attributes of the visitor that are features, as the service makes them."""
RULE: Final = "rule"
LONGEST: Final = 60
"""Most characters of a word; a longer one is cut."""
_NO_FEATURES: Final = frozenset({"offer_slot", "group", "measure"})
_TIME: Final = "_at"


def case_features(
    facts: Mapping[str, Scalar], attributes: Mapping[str, Scalar], rule: str
) -> dict[str, Scalar]:
    """Return the features of a case; a fact goes before an attribute of the same name.

    Args:
        facts: of the case.
        attributes: of the visitor.
        rule: that opened the case.
    """
    known = {name: attributes[name] for name in ATTRIBUTES if name in attributes}
    told = {
        name: one
        for name, one in facts.items()
        if name not in _NO_FEATURES and not name.endswith(_TIME)
    }
    return {name: feature_value(one) for name, one in {**known, **told, RULE: rule}.items()}


def feature_value(value: Scalar) -> Scalar:
    """Return a value as features have it: flags in words, words short and without phone numbers."""
    if isinstance(value, bool):
        return YES if value else "no"
    return mask_numbers(trim(value))[:LONGEST] if isinstance(value, str) else value

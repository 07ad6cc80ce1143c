"""Rules in words, Chinese and English: what must hold of a visitor. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from nudge.domain.figures.titles import ATTRIBUTES, attribute_title
from nudge.domain.slots.rule import KNOWN, Group, Not, Rule, Test

LANGUAGES: Final = ("zh", "en")
Said = dict[str, str]
"""Words by language, `zh` and `en`."""
_WORDS: Final[Mapping[str, Said]] = {
    "is": {"zh": "{0}是 {1}", "en": "{0} is {1}"},
    "in": {"zh": "{0}是 {1} 之一", "en": "{0} is one of {1}"},
    "above": {"zh": "{0}大于 {1}", "en": "{0} is above {1}"},
    "at_least": {"zh": "{0}不小于 {1}", "en": "{0} is at least {1}"},
    "below": {"zh": "{0}小于 {1}", "en": "{0} is below {1}"},
    "at_most": {"zh": "{0}不大于 {1}", "en": "{0} is at most {1}"},
    "between": {"zh": "{0}在 {1} 之间", "en": "{0} is between {1}"},
    "matches": {"zh": "{0}形如 {1}", "en": "{0} looks like {1}"},
    "since": {"zh": "{0}不早于 {1} 之前", "en": "{0} is not longer ago than {1}"},
}
_KNOWN: Final[Mapping[bool, Said]] = {
    True: {"zh": "{0}已知", "en": "{0} is known"},
    False: {"zh": "{0}未知", "en": "{0} is not known"},
}
_JOINTS: Final[Mapping[str, Said]] = {
    "all": {"zh": "，且", "en": " and "},
    "any": {"zh": "，或", "en": " or "},
}
_NOT: Final[Said] = {"zh": "并非（{0}）", "en": "not ({0})"}
_LISTS: Final[Said] = {"zh": "、", "en": ", "}
_RANGES: Final[Said] = {"zh": " 到 ", "en": " and "}


def rule_words(rule: Rule) -> Said:
    """Put a rule into words, without a full stop."""
    return {tongue: _phrase(rule, tongue) for tongue in LANGUAGES}


def _phrase(rule: Rule, tongue: str) -> str:
    if isinstance(rule, Test):
        return _comparison(rule, tongue)
    if isinstance(rule, Not):
        return _NOT[tongue].format(_phrase(rule.rule, tongue))
    return _JOINTS[rule.name][tongue].join(_inner(one, rule, tongue) for one in rule.rules)


def _inner(rule: Rule, outer: Group, tongue: str) -> str:
    """Return a part of a group; `or` inside `and`, and the other way round, in brackets."""
    phrase = _phrase(rule, tongue)
    if isinstance(rule, Group) and len(rule.rules) > 1 and rule.name != outer.name:
        return f"（{phrase}）" if tongue == "zh" else f"({phrase})"
    return phrase


def _comparison(test: Test, tongue: str) -> str:
    name = attribute_title(test.attribute, tongue)
    if tongue == "zh" and test.attribute not in ATTRIBUTES:
        name = f"{name} "
    if test.name == KNOWN:
        return _KNOWN[bool(test.value)][tongue].format(name)
    return _WORDS[test.name][tongue].format(name, _value(test, tongue))


def _value(test: Test, tongue: str) -> str:
    if isinstance(test.value, Sequence) and not isinstance(test.value, str):
        joint = _RANGES if test.name == "between" else _LISTS
        return joint[tongue].join(map(str, test.value))
    return str(test.value)

"""Conditions of warnings as tables: tests of signals, rules on attributes, and groups of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from marshmallow import ValidationError
from marshmallow import fields as ma

from nudge.config.slot_rules import Problem
from nudge.domain.basics.duration import parse_duration
from nudge.domain.basics.slot_values import suggestion
from nudge.domain.care.signal import FEEDBACK, SIGNAL_TYPES
from nudge.domain.care.warning_rule import (
    LONGEST,
    MOST_COUNT,
    Combination,
    Condition,
    EventTest,
)
from nudge.domain.slots.rule import ALL, ANY, MAX_DEPTH, RuleError, read_rule

EVENT: Final = "event"
EXAMPLE: Final = '{ event = "feedback", scenes = ["after_sales"], score_at_most = 5 }'
_OF_FEEDBACK: Final = ("score_at_most", "score_at_least", "words")
_OF_PAYMENT: Final = ("reasons", "methods")
MOST_WORDS: Final = 100


def _words(value: object) -> frozenset[str]:
    good = isinstance(value, list) and 0 < len(value) <= MOST_WORDS
    if not (good and isinstance(value, list) and all(isinstance(x, str) and x for x in value)):
        raise ValueError(f'is not a list of words; write 1 to {MOST_WORDS}, such as ["billing"]')
    return frozenset(value)


def _score(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:  # noqa: PLR2004 - the scale of feedback
        raise ValueError("is not a score; write a number from 0 to 100")
    return float(value)


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_COUNT:
        raise ValueError(f"is not a number of signals; write 1 to {MOST_COUNT}")
    return value


def _within(value: object) -> float:
    seconds = parse_duration(value)
    if not 0 < seconds <= LONGEST:
        raise ValueError('is out of range; write a time such as "7d", at most 90 days')
    return seconds


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("is not a flag; write true or false")  # noqa: TRY004 - a problem of the file
    return value


_FIELDS: Final[Mapping[str, Callable[[object], object]]] = {
    "scenes": _words,
    "same_scene": _flag,
    "score_at_most": _score,
    "score_at_least": _score,
    "words": _words,
    "reasons": _words,
    "methods": _words,
    "count": _count,
    "within": _within,
}


class ConditionTable(ma.Field[Condition]):
    """A field for a condition; problems carry their place below it."""

    def _deserialize(self, value: object, *_: object, **__: object) -> Condition:
        problems: list[Problem] = []
        found = read_condition(value, "", problems)
        if found is None:
            lines: dict[str, list[str]] = {}
            for key, text in problems:
                lines.setdefault(key or "_schema", []).append(text)
            raise ValidationError(dict(lines))
        return found


def read_condition(
    table: object, key: str, problems: list[Problem], depth: int = 0
) -> Condition | None:
    """Return the condition of a plain table; None where it has problems, which are added.

    Args:
        table: as TOML gives it.
        key: dotted key of the table below the rule.
        problems: (dotted key, problem and cure), appended to.
        depth: of groups around it.
    """
    if not isinstance(table, Mapping) or not table:
        problems.append((key, f"is not a condition; write {EXAMPLE}"))
        return None
    if depth > MAX_DEPTH:
        problems.append((key, f"is nested too deeply; nest at most {MAX_DEPTH} levels"))
        return None
    groups = [word for word in (ALL, ANY) if word in table]
    if EVENT in table:
        return _event_test(table, key, problems)
    if groups:
        return _combination(table, groups[0], key, problems, depth)
    try:
        return read_rule(table)
    except RuleError as error:
        problems += [(_below(key, below), text) for below, text in error.problems]
        return None


def _combination(
    table: Mapping[str, Any], name: str, key: str, problems: list[Problem], depth: int
) -> Condition | None:
    inner, before = table[name], len(problems)
    beside = f"is unknown beside {name}; leave it out"
    problems += [(_below(key, word), beside) for word in table if word != name]
    if not isinstance(inner, list) or not inner:
        problems.append((_below(key, name), f"is not a list of conditions; write [{EXAMPLE}]"))
        return None
    read = [
        read_condition(one, f"{_below(key, name)}[{i}]", problems, depth + 1)
        for i, one in enumerate(inner)
    ]
    parts = tuple(one for one in read if one is not None)
    return Combination(name, parts) if len(problems) == before else None


def _event_test(table: Mapping[str, Any], key: str, problems: list[Problem]) -> Condition | None:
    before, kind = len(problems), table[EVENT]
    if kind not in SIGNAL_TYPES:
        problems.append(
            (_below(key, EVENT), f"{kind!r} is unknown; {suggestion(str(kind), SIGNAL_TYPES)}")
        )
    found: dict[str, Any] = {}
    for name in (word for word in table if word != EVENT):
        wrong = _misplaced(name, kind)
        if wrong:
            problems.append((_below(key, name), wrong))
            continue
        try:
            found[name] = _FIELDS[name](table[name])
        except ValueError as error:
            problems.append((_below(key, name), str(error)))
    if found.get("count", 1) > 1 and "within" not in found:
        problems.append((_below(key, "within"), 'is missing; write a time such as "7d"'))
    return EventTest(str(kind), **found) if len(problems) == before else None


def _misplaced(name: str, kind: object) -> str:
    if name not in _FIELDS:
        return f"is unknown; {suggestion(name, _FIELDS)}"
    if name in _OF_FEEDBACK and kind != FEEDBACK:
        return f'does not go with {kind!r}; use it with event = "feedback"'
    if name in _OF_PAYMENT and kind not in ("payment_failed", "paid"):
        return f'does not go with {kind!r}; use it with event = "payment_failed"'
    return ""


def _below(key: str, part: str) -> str:
    return f"{key}.{part}" if key and part else key or part

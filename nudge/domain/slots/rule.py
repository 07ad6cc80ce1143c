"""Rules: conditions on the context of a visit, as data in TOML and JSON.

A rule is a table with one of `all` and `any` (lists of rules) or `not` (a rule), or with
`attribute` and one comparison. An unknown attribute makes a comparison neither true nor false (the
three values of Kleene's logic), so that `not` does not turn ignorance into knowledge.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, cast

from nudge.domain.basics.duration import parse_duration
from nudge.domain.basics.slot_values import scalar_problem, suggestion

Scalar = str | float | int | bool | None
"""The values of a context attribute and of a variant's attribute."""
Context = Mapping[str, Scalar]
Problem = tuple[str, str]
MAX_RULES: Final = 100
MAX_DEPTH: Final = 10


@dataclass(frozen=True)
class Test:
    """One comparison of a context attribute.

    Attributes:
        attribute: of the context.
        name: of the comparison, a key of `COMPARISONS`.
        value: right side of the comparison.
    """

    attribute: str
    name: str
    value: object

    @cached_property
    def _meets(self) -> Callable[[Scalar, float], bool]:
        return COMPARISONS[self.name].build(self.value)

    def holds(self, context: Context, at: float) -> bool | None:
        """Compare; None where the attribute is unknown, or is not the number that is needed."""
        value = context.get(self.attribute)
        if self.name == KNOWN:
            return (value is not None) == self.value
        if value is None:
            return None
        try:
            return self._meets(value, at)
        except TypeError:
            return None

    @property
    def table(self) -> dict[str, object]:
        """The comparison as a plain table."""
        return {"attribute": self.attribute, self.name: self.value}

    def tests(self) -> Iterator[Test]:
        """Yield the comparison itself."""
        yield self


@dataclass(frozen=True)
class Group:
    """A group of rules of which all, or any, must hold.

    Attributes:
        name: `all` or `any`.
        rules: at least one.
    """

    name: str
    rules: tuple[Rule, ...]

    def holds(self, context: Context, at: float) -> bool | None:
        """Evaluate the group; None where the result depends on something unknown."""
        decisive = self.name == ANY
        unknown = False
        for rule in self.rules:
            found = rule.holds(context, at)
            if found is decisive:
                return decisive
            unknown = unknown or found is None
        return None if unknown else not decisive

    @property
    def table(self) -> dict[str, object]:
        """The group as a plain table."""
        return {self.name: [rule.table for rule in self.rules]}

    def tests(self) -> Iterator[Test]:
        """Yield all comparisons in the group."""
        for rule in self.rules:
            yield from rule.tests()


@dataclass(frozen=True)
class Not:
    """A negated rule.

    Attributes:
        rule: must not hold.
    """

    rule: Rule

    def holds(self, context: Context, at: float) -> bool | None:
        """Negate the inner rule; None where its result is unknown."""
        found = self.rule.holds(context, at)
        return None if found is None else not found

    @property
    def table(self) -> dict[str, object]:
        """The negation as a plain table."""
        return {NOT: self.rule.table}

    def tests(self) -> Iterator[Test]:
        """Yield all comparisons in the inner rule."""
        yield from self.rule.tests()


Rule = Test | Group | Not


class RuleError(ValueError):
    """A table that is not a rule.

    Attributes:
        problems: (dotted key below the rule, problem and cure).
    """

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{key}: {text}" for key, text in problems))
        self.problems = problems


@dataclass(frozen=True)
class Comparison:
    """A kind of comparison.

    Attributes:
        right: description of a right value, for messages.
        fits: True for a right value.
        build: from the value to the comparison with (attribute's value, seconds now).
    """

    right: str
    fits: Callable[[object], bool]
    build: Callable[[object], Callable[[Scalar, float], bool]]


def read_rule(table: object) -> Rule:
    """Read a rule from a plain table.

    Raises:
        RuleError: every problem, with its place.
    """
    problems: list[Problem] = []
    rule = _read(table, "", problems, 0)
    if rule is None:
        raise RuleError(problems)
    if sum(1 for _ in rule.tests()) > MAX_RULES:
        raise RuleError([("", f"has too many comparisons; write at most {MAX_RULES}")])
    return rule


def _read(table: object, key: str, problems: list[Problem], depth: int) -> Rule | None:
    if depth > MAX_DEPTH:
        return _wrong(problems, key, f"is nested too deeply; nest at most {MAX_DEPTH} levels")
    if not isinstance(table, Mapping) or not table:
        return _wrong(problems, key, f"is not a rule; write {EXAMPLE}")
    words = [word for word in (ALL, ANY, NOT, ATTRIBUTE) if word in table]
    if len(words) != 1:
        return _wrong(problems, key, "needs exactly one of all, any, not, attribute")
    if words == [ATTRIBUTE]:
        return _test(table, key, problems)
    for other in [word for word in table if word != words[0]]:
        _wrong(problems, _below(key, other), f"is unknown beside {words[0]}; leave it out")
    if words == [NOT]:
        inner = _read(table[NOT], _below(key, NOT), problems, depth + 1)
        return None if inner is None or problems else Not(inner)
    return _group(table, words[0], key, problems, depth)


def _group(
    table: Mapping[object, object], name: str, key: str, problems: list[Problem], depth: int
) -> Rule | None:
    inner = table[name]
    if not isinstance(inner, list) or not inner:
        return _wrong(problems, _below(key, name), f"is not a list of rules; write [{EXAMPLE}]")
    read = [
        _read(one, f"{_below(key, name)}[{i}]", problems, depth + 1) for i, one in enumerate(inner)
    ]
    rules = tuple(one for one in read if one is not None)
    return None if len(rules) < len(read) or problems else Group(name, rules)


def _test(table: Mapping[object, object], key: str, problems: list[Problem]) -> Rule | None:
    attribute, *names = table[ATTRIBUTE], *(word for word in table if word != ATTRIBUTE)
    if not isinstance(attribute, str) or not attribute:
        return _wrong(problems, _below(key, ATTRIBUTE), "is not a name; name a context attribute")
    unknown = [name for name in names if name not in COMPARISONS]
    for name in unknown:
        _wrong(problems, _below(key, name), f"is unknown; {suggestion(name, COMPARISONS)}")
    if unknown:
        return None
    if len(names) != 1:
        return _wrong(problems, key, f"needs one comparison: one of {', '.join(COMPARISONS)}")
    name = str(names[0])
    if not COMPARISONS[name].fits(table[name]):
        return _wrong(problems, _below(key, name), f"does not fit; write {COMPARISONS[name].right}")
    return Test(attribute, name, table[name])


def _wrong(problems: list[Problem], key: str, text: str) -> Rule | None:
    """Note a problem and return no rule."""
    problems.append((key, text))
    return None


def _below(key: str, part: object) -> str:
    return f"{key}.{part}" if key else str(part)


def _is_scalar(value: object) -> bool:
    return value is not None and scalar_problem(value) is None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and _is_scalar(value)


def _is_list(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_scalar, value))


def _is_range(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) == len(("low", "high"))
        and all(map(_is_number, value))
        and value[0] <= value[1]
    )


def _is_duration(value: object) -> bool:
    try:
        return parse_duration(value) > 0
    except ValueError:
        return False


def _same(one: object, other: object) -> bool:
    """Return True for equal values; a flag never equals a number.

    Categories may arrive as text or as number: both forms are equal.
    """
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return one == other or str(one) == str(other)


def _number(value: Scalar) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return float(value)


def _glob(pattern: object) -> Callable[[Scalar, float], bool]:
    compiled = re.compile(fnmatch.translate(str(pattern)))
    return lambda value, _: compiled.match(str(value)) is not None


def _since(text: object) -> Callable[[Scalar, float], bool]:
    span = parse_duration(text)
    return lambda value, at: at - _number(value) <= span


def _ranged(bounds: object) -> Callable[[Scalar, float], bool]:
    low, high = map(float, cast("list[float]", bounds))
    return lambda value, _: low <= _number(value) <= high


def _ordered(order: Callable[[float, float], bool]) -> Comparison:
    def build(bound: object) -> Callable[[Scalar, float], bool]:
        limit = float(cast("float", bound))
        return lambda value, _: order(_number(value), limit)

    return Comparison("a number", _is_number, build)


ALL: Final = "all"
ANY: Final = "any"
NOT: Final = "not"
ATTRIBUTE: Final = "attribute"
KNOWN: Final = "known"
EXAMPLE: Final = '{ attribute = "last_amount", at_least = 50 }'
COMPARISONS: Final[Mapping[str, Comparison]] = {
    "is": Comparison(
        "text, a number, true or false", _is_scalar, lambda w: lambda v, _: _same(v, w)
    ),
    "in": Comparison(
        "a list of values",
        _is_list,
        lambda w: lambda v, _: any(_same(v, one) for one in cast("list[object]", w)),
    ),
    "above": _ordered(lambda value, bound: value > bound),
    "at_least": _ordered(lambda value, bound: value >= bound),
    "below": _ordered(lambda value, bound: value < bound),
    "at_most": _ordered(lambda value, bound: value <= bound),
    "between": Comparison("two numbers, low and high", _is_range, _ranged),
    "matches": Comparison(
        'text with * and ?, such as "138*"', lambda v: isinstance(v, str) and bool(v), _glob
    ),
    "since": Comparison('a duration, such as "30d"', _is_duration, _since),
    KNOWN: Comparison(
        "true or false", lambda v: isinstance(v, bool), lambda w: lambda _, __: bool(w)
    ),
}
"""Name -> comparison; both ends of `between` are included."""

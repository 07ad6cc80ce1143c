"""The questions of OpenFeature's provider conformance suite (Appendix F), restated as a table.

The suite is a draft, and its features are no package of a registry: each row below is one of its
scenarios, or one line of its examples, in the order of the features. A capability is a tag of the
suite: a provider, or a service, that does not declare it is not asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from canonical_flags import STRANGER, TARGET, TARGETED

MISMATCH, NOT_FOUND = "TYPE_MISMATCH", "FLAG_NOT_FOUND"
PICTURES: Final = {"showImages": True, "title": "Check out these pics!", "imagesPerPage": 100}


@dataclass(frozen=True)
class Question:
    """One scenario: a flag asked for, and what has to come back.

    Attributes:
        feature: of the suite.
        type: in which the flag is asked for.
        key: of the flag.
        default: in the application's code.
        value: that is expected; the default where none is given.
        reason: expected; empty for any.
        variant: expected; empty for any.
        error: error code expected.
        needs: capabilities.
        visitor: targeting key; empty for the application's own context.
    """

    feature: str
    type: str
    key: str
    default: Any
    value: Any = None
    reason: str = ""
    variant: str = ""
    error: str = ""
    needs: frozenset[str] = frozenset()
    visitor: str = ""

    @property
    def id(self) -> str:
        """A name for people."""
        parts = (self.feature, self.key, self.type, self.reason or self.variant, self.visitor[:4])
        return "-".join(part for part in parts if part)

    @property
    def expected(self) -> Any:
        """The value that the application must get."""
        return self.default if self.value is None else self.value


def _values() -> list[Question]:
    rows = [
        ("Boolean", "boolean-flag", False, True, "on"),
        ("String", "string-flag", "bye", "hi", "greeting"),
        ("Integer", "integer-flag", 1, 10, "ten"),
        ("Float", "float-flag", 0.1, 0.5, "half"),
        ("Boolean", "boolean-zero-flag", True, False, "zero"),
        ("Integer", "integer-zero-flag", 1, 0, "zero"),
        ("String", "string-zero-flag", "fallback", "", "zero"),
        ("Integer", "large-integer-flag", 1, 2**31 - 1, "max-int32"),
    ]
    plain = [
        Question("evaluation", kind, key, default, value, "STATIC")
        for kind, key, default, value, _ in rows
    ]
    named = [
        Question("evaluation", kind, key, default, value, "", name, needs=frozenset({"variants"}))
        for kind, key, default, value, name in rows
    ]
    return plain + named


def _more_values() -> list[Question]:
    large, structured = frozenset({"large-integers"}), frozenset({"object"})
    targeting = frozenset({"targeting"})
    anonymous = frozenset({"targeting", "no-context"})
    return [
        Question("evaluation", "Integer", "huge-integer-flag", 1, 2**53 - 1, needs=large),
        Question("evaluation", "Object", "object-flag", {}, PICTURES, "STATIC", needs=structured),
        Question("evaluation", "String", "string-flag", "bye", "hi", visitor=STRANGER),
        Question("evaluation", "String", TARGETED, "x", "hit", needs=targeting, visitor=TARGET),
        Question("evaluation", "String", TARGETED, "x", "miss", needs=targeting, visitor=STRANGER),
        Question("evaluation", "String", TARGETED, "x", "miss", needs=anonymous),
        *(
            Question("evaluation", kind, f"disabled-{kind.lower()}-flag", default, needs=DISABLED)
            for kind, default in (("Boolean", False), ("String", "bye"), *NUMBERS)
        ),
    ]


DISABLED: Final = frozenset({"disabled-flags"})
NUMBERS: Final = (("Integer", 1), ("Float", 0.1))


def _mismatches() -> list[Question]:
    plain = [
        ("string-flag", (("Boolean", False), *NUMBERS)),
        ("wrong-flag", (("Boolean", False),)),
        ("boolean-flag", (("String", "fallback"), *NUMBERS)),
        ("integer-flag", (("Boolean", False), ("String", "fallback"))),
        ("float-flag", (("Boolean", False), ("String", "fallback"))),
    ]
    tables = [("object-flag", (("Boolean", False), ("String", "fallback"), *NUMBERS))]
    return [
        Question("errors", kind, key, default, reason="ERROR", error=MISMATCH, needs=needs)
        for rows, needs in ((plain, frozenset()), (tables, frozenset({"object"})))
        for key, asked in rows
        for kind, default in asked
    ]


def _coercions() -> list[Question]:
    needs = frozenset({"numeric-coercion"})
    return [
        Question("errors", "Integer", "float-flag", 1, reason="ERROR", error=MISMATCH, needs=needs),
        Question("errors", "Integer", "integral-float-flag", 1, 10, needs=needs),
        Question("errors", "Float", "integer-flag", 0.1, 10.0, needs=needs),
    ]


def _reasons() -> list[Question]:
    standard = frozenset({"standard-reasons"})
    targeting = standard | {"targeting"}
    return [
        Question("errors", "String", "missing-flag", "x", reason="ERROR", error=NOT_FOUND),
        Question(
            "reason", "String", TARGETED, "x", "hit", "TARGETING_MATCH", "", "", targeting, TARGET
        ),
        Question("reason", "String", TARGETED, "x", "miss", "DEFAULT", "", "", targeting, STRANGER),
        Question(
            "reason", "Boolean", "disabled-boolean-flag", False, reason="DISABLED", needs=DISABLED
        ),
    ]


QUESTIONS: Final = [*_values(), *_more_values(), *_mismatches(), *_coercions(), *_reasons()]
DECLARED: Final = frozenset(
    {"variants", "object", "large-integers", "targeting", "standard-reasons"}
)
"""Capabilities of the service with each of the providers."""
UNDECLARED: Final = {
    "disabled-flags": "a slot that is off shows the operator's fallback, not the application's",
    "no-context": "without a visitor there is no decision: TARGETING_KEY_MISSING",
    "numeric-coercion": "the providers compare types of their language, and coerce none",
}
"""Capability that is not declared -> why."""

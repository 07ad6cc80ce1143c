"""Rules that an operator writes down: a variant for each value of an attribute."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from re import compile as pattern
from typing import Final

from bandits.config_values import text_of

REST: Final = "*"
"""Key of a rule for all values that it does not name."""
CURE: Final = "write rule:ATTRIBUTE:VALUE=VARIANT,VALUE=VARIANT,*=VARIANT"
_PREFIX: Final = pattern(r"rule:(?=[^=,]*:)")
"""Begin of a rule as evaluations have it among other targets; a slot's file may leave it out."""


@dataclass(frozen=True)
class OperatorRule:
    """A rule of the operator, such as `page:home=100,recharge=50,*=30`.

    Attributes:
        by: attribute whose value names the variant.
        choices: (value, variant) as written; the value `*` stands for all others.
    """

    by: str
    choices: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, text: str) -> OperatorRule:
        """Return the rule of a text.

        Raises:
            ValueError: the text is not a rule; the message says why, and the cure.
        """
        by, _, choices = _PREFIX.sub("", text.strip(), count=1).partition(":")
        rule = cls(by.strip(), tuple(_choice(one) for one in choices.split(",")))
        if not rule.by:
            raise ValueError(f"no attribute is named before the first colon; {CURE}")
        if len(rule.variants) < len(rule.choices):
            raise ValueError("a value is given twice; give each value once")
        return rule

    @property
    def text(self) -> str:
        """The rule as text, from which `parse` builds an equal one."""
        return f"{self.by}:{','.join(f'{value}={name}' for value, name in self.choices)}"

    @cached_property
    def variants(self) -> dict[str, str]:
        """Value -> variant, with `*` for all other values."""
        return dict(self.choices)

    def find_variant(self, value: object) -> str | None:
        """Return the variant for a value of the attribute; None where the rule names none."""
        return self.variants.get(text_of(value) or "", self.variants.get(REST))

    def find_unknown(self, names: tuple[str, ...]) -> Iterator[str]:
        """Yield the variants of the rule that are not among these names."""
        return (name for name in dict.fromkeys(self.variants.values()) if name not in names)


def _choice(text: str) -> tuple[str, str]:
    value, sign, variant = (part.strip() for part in text.rpartition("="))
    if not sign or not value:
        raise ValueError(f"{text!r} is not a part of a rule; {CURE}")
    return value, variant

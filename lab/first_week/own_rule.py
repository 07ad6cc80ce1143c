"""The operator's own rule of a slot: the variant that a visitor sees today."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from bandits.arrays import BoolArray
from bandits.config_policy import PolicyConfig
from nudge.domain.basics.slot_values import is_number
from nudge.domain.slots.learning import learner_config
from nudge.domain.slots.slot import Scalar, Slot

RULE: Final = "comparison"
PRIOR: Final = "prior"
FALLBACK: Final = "fallback"


@dataclass(frozen=True)
class OwnRule:
    """The rule that a slot replaces: `[comparison] rule`, else `prior`, else the page's fallback.

    Attributes:
        slot: with the rule in its configuration.
    """

    slot: Slot

    @cached_property
    def source(self) -> str:
        """The part of the slot's file that the rule comes from."""
        if self.slot.comparison is not None:
            return RULE
        return PRIOR if self._policy.prior or self._policy.prior_odds else FALLBACK

    @cached_property
    def text(self) -> str:
        """The rule as the slot's file has it."""
        pages = ",".join(f"{page}={name}" for page, name in self.slot.fallback.items())
        if self.slot.comparison is not None:
            return self.slot.comparison.rule.text
        if self.source == FALLBACK:
            return pages
        return f"{self._policy.prior or self._likeliest}; {pages}"

    def find_arm(self, context: Mapping[str, Scalar], page: str, eligible: BoolArray) -> int:
        """Return the index of the variant that the rule shows.

        The first of these that may be shown: the rule's own, the page's fallback, any.

        Args:
            context: attributes of the visitor, with `page` and `channel`.
            page: page that asks.
            eligible: (K,) variants that may be shown; with none, the page's fallback is.
        """
        places = [self.slot.names.index(name) for name in self._names(context, page, eligible)]
        fitting = (place for place in places if eligible[place])
        return next(fitting, int(np.argmax(eligible)) if eligible.any() else places[-1])

    def _names(
        self, context: Mapping[str, Scalar], page: str, eligible: BoolArray
    ) -> Iterator[str]:
        if self.slot.comparison is not None:
            rule = self.slot.comparison.rule
            if own := rule.find_variant(context.get(rule.by)):
                yield own
        elif self._policy.prior_odds:
            yield self._likeliest
        elif self._policy.prior and (near := self._nearest(context, eligible)):
            yield near
        yield self.slot.fallback_for(page)

    def _nearest(self, context: Mapping[str, Scalar], eligible: BoolArray) -> str | None:
        """Return the variant whose number is nearest to that of the prior's attribute."""
        value = context.get(str(self._policy.prior))
        if not is_number(value):
            return None
        distances = {
            name: abs(number - value)
            for name, number, fits in zip(self.slot.names, self._numbers, eligible, strict=True)
            if fits and number is not None
        }
        return min(distances, key=distances.__getitem__) if distances else None

    @cached_property
    def _policy(self) -> PolicyConfig:
        return learner_config(self.slot).policy

    @cached_property
    def _likeliest(self) -> str:
        odds = self._policy.prior_odds
        return self.slot.names[max(odds, key=odds.__getitem__)] if odds else ""

    @cached_property
    def _numbers(self) -> tuple[float | None, ...]:
        """First number among each variant's attributes."""
        numbers = [filter(is_number, one.attributes.values()) for one in self.slot.variants]
        return tuple(next(found, None) for found in numbers)

"""The audience of a slot: a sample of the visitors whom it saw lately, with what is known of them.

Who is eligible is found by the rules that serve decisions: a count that had rules of its own would
promise visitors whom no decision lets pass. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from nudge.domain.choosing import eligibility
from nudge.domain.choosing.context_names import ASKED, names_in_rule
from nudge.domain.choosing.eligibility import EligibilityInput, VariantRules
from nudge.domain.slots.slot import Availability, Scalar, Variant

LASTING: Final = (
    *(eligibility.wrong_channel, eligibility.wrong_page),
    *(eligibility.lacking, eligibility.unfit, eligibility.taken_already),
)
"""Hooks whose answer is about the visitor: dates and stock remove a variant for everybody."""
UNKNOWN: Final = "rule_unknown"


@dataclass(frozen=True)
class AudienceMember:
    """A visitor of a slot: the latest visit, and what is known.

    Attributes:
        channel: of the latest visit.
        page: of the latest visit.
        context: what a decision would know of the visitor.
        benefits: groups of which the visitor has a benefit.
    """

    channel: str
    page: str
    context: Mapping[str, Scalar]
    benefits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Audience:
    """The visitors whom a slot saw in the latest days.

    Attributes:
        members: all of them, or a random sample.
        visitors: number of all of them.
        exposures_a_day: that the policy drew, over all visitors.
        as_of: seconds, the moment at which members were looked at.
    """

    members: tuple[AudienceMember, ...]
    visitors: int
    exposures_a_day: float
    as_of: float

    @property
    def is_whole(self) -> bool:
        """True where the members are all visitors and no sample."""
        return len(self.members) >= self.visitors


@dataclass(frozen=True)
class AudienceCount:
    """The members who would be eligible, and why the others would not.

    Attributes:
        members: that were looked at.
        eligible: of the members.
        removed: reason -> members.
        known: attribute of the rule -> members of whom it is known.
    """

    members: int
    eligible: int
    removed: Mapping[str, int]
    known: Mapping[str, int]

    @property
    def undecided(self) -> int:
        """Members of whom nobody can say, because an attribute of the rule is not known."""
        return self.removed.get(UNKNOWN, 0)


def count_eligible(audience: Audience, available: Availability, at: float) -> AudienceCount:
    """Count the members who would be eligible for a variant with such limits.

    Args:
        audience: of the slot.
        available: limits of the variant; its dates and its stock do not matter.
        at: seconds, the moment of the rule.
    """
    rules = VariantRules(Variant("counted", None, availability=available), LASTING)
    reasons: Counter[str] = Counter()
    known: Counter[str] = Counter(dict.fromkeys(asked_names(available), 0))
    for one in audience.members:
        given = EligibilityInput(one.channel, one.page, one.context, at, one.benefits)
        reasons[rules.reason(given) or ""] += 1
        known.update(name for name in known if one.context.get(name) is not None)
    eligible = reasons.pop("", 0)
    return AudienceCount(len(audience.members), eligible, dict(reasons), dict(known))


def asked_names(available: Availability) -> tuple[str, ...]:
    """Return the attributes that limits ask for, each once, besides the fields of every call."""
    asked = [*available.requires, *(names_in_rule(available.when) if available.when else ())]
    return tuple(name for name in dict.fromkeys(asked) if name not in ASKED)

"""A slot: a place where something is chosen, its variants, and the terms on which it learns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Literal

from nudge.domain.slots.operator_rule import OperatorRule
from nudge.domain.slots.rule import Rule, Scalar

__all__ = ["Scalar"]

On = Literal["decision", "shown"]
Objective = Literal["conversion", "revenue"]
Metric = Literal["abandonment", "downgrade"]

PROMOTIONS = "banner"
"""The slot of promotions: its variants are offers, whether or not it says so."""
DEFAULT_PAGE = "default"
"""Key of a slot's fallback for all pages without their own."""


class SlotMode(StrEnum):
    """Mode of a slot: whether it learns, and what it shows."""

    LIVE = "live"
    SHADOW = "shadow"
    FROZEN = "frozen"
    OFF = "off"


class FrozenServes(StrEnum):
    """Content of a frozen slot: the policy that was published last, or the fallback."""

    POLICY = "policy"
    FALLBACK = "fallback"


@dataclass(frozen=True)
class Availability:
    """Limits on the choice of a variant; an empty field does not restrict.

    Attributes:
        channels: channels on which it may be shown (`web`, `wap`, `app`, `miniprogram`, `sms`).
        pages: pages on which it may be shown.
        requires: context attributes that must be known and not false.
        starts: seconds since the epoch; not before.
        ends: seconds since the epoch; not at or after.
        when: a rule on the context that must hold.
        stock: how many may ever be given; None for no limit.
        exclusive: group of benefits: a visitor with one of it is not offered another.
    """

    channels: frozenset[str] = frozenset()
    pages: frozenset[str] = frozenset()
    requires: tuple[str, ...] = ()
    starts: float | None = None
    ends: float | None = None
    when: Rule | None = None
    stock: int | None = None
    exclusive: str = ""


@dataclass(frozen=True)
class Variant:
    """One alternative of a slot.

    Attributes:
        name: unique in its slot, stable over revisions: history hangs on it.
        value: any JSON value, sent to the page.
        attributes: numbers and words by which learners may relate variants (`amount = 50`).
        enabled: false removes it from every choice but keeps its history.
        title: language (`zh`, `en`) -> its name in sentences and tables; empty for none.
    """

    name: str
    value: object
    attributes: Mapping[str, Scalar] = field(default_factory=dict)
    enabled: bool = True
    availability: Availability = field(default_factory=Availability)
    title: Mapping[str, str] = field(default_factory=dict)

    @property
    def benefit(self) -> str:
        """The benefit that it offers: its attribute `benefit`, or else its name."""
        return str(self.attributes.get("benefit", self.name))


@dataclass(frozen=True)
class RewardTerms:
    """The terms of a decision's exposure and reward; copied into its record.

    Attributes:
        on: what counts as the exposure: the decision itself, or its `shown` event.
        event: what rewards an exposure, as `nudge.domain.slots.reward_event` reads it.
        objective: `conversion` (1 for the first event) or `revenue` (the events' amounts).
        window: seconds from exposure in which an event is credited.
    """

    on: On
    event: str
    objective: Objective
    window: float


@dataclass(frozen=True)
class Stickiness:
    """The time for which a visitor keeps a decision.

    Attributes:
        period: seconds; periods are aligned to the epoch.
        by: fields with separate decisions: `page`, `channel`, or the `failure` of a payment.
    """

    period: float
    by: tuple[str, ...] = ()


@dataclass(frozen=True)
class GuardTerms:
    """The terms of a slot's guard, which watches for harm by the policy against the holdout.

    Attributes:
        metrics: harms that must not rise.
        alpha: chance that the guard ever freezes a slot whose policy does no harm.
        every: seconds between two looks.
        matured: count only exposures whose window has closed.
    """

    metrics: tuple[Metric, ...]
    alpha: float = 0.05
    every: float = 60.0
    matured: bool = False


@dataclass(frozen=True)
class FreeAmount:
    """The limits of an amount that visitors may type themselves, in yuan.

    Attributes:
        min: the least.
        max: the most.
        step: between two amounts, counted from the least.
    """

    min: float
    max: float
    step: float


@dataclass(frozen=True)
class ComparisonTerms:
    """The terms of the group `usual`, which gets what the operator does today.

    Attributes:
        rule: of the operator.
        share: of the subjects outside the holdouts, in [0, 1); 0 for nobody.
    """

    rule: OperatorRule
    share: float


@dataclass(frozen=True)
class TrialTerms:
    """The terms of trials, for plans that are made many at a time.

    Attributes:
        most: largest share of the plans that are trials.
        batches: number of batches, this one included, that gain from what is learned.
    """

    most: float = 0.05
    batches: int = 3


@dataclass(frozen=True)
class OfferTerms:
    """The terms on which a slot's variants are offered beyond its pages.

    Attributes:
        purpose: of the contact policy.
        channels: of contact by which they may go out.
        priority: the higher goes first.
    """

    purpose: str = "promotion"
    channels: tuple[str, ...] = ("push", "sms", "call")
    priority: int = 0


@dataclass(frozen=True)
class SlotAttribute:
    """A context attribute of a slot and its division into levels.

    Attributes:
        name: key in the request's `context`, or one that the service fills in (`page`, `channel`,
            ...).
        kind: `category`, `number` or `flag`.
        cells: the categories, or the cut points in rising order; empty for a flag.
    """

    name: str
    kind: Literal["category", "number", "flag"]
    cells: tuple[Scalar, ...] = ()


@dataclass(frozen=True)
class Slot:
    """A slot at one revision: immutable, the unit that is applied, served and audited.

    Attributes:
        name: one of the product's slots, or an operator's own.
        revision: rises with every change; records name it.
        variants: in the order of every distribution over them.
        context: the attributes that a policy may use, in the order of the cell.
        policy: the policy table as written (`kind`, `half_life`, `draws`, ...).
        terms: exposure and reward.
        stickiness: how long a decision is kept.
        holdout: share of subjects who always get the fallback, in [0, 1).
        floor: least propensity of each eligible variant.
        fallback: page -> variant, with `default`; shown when nothing else can be.
        title: for people.
        mode: `live`; `shadow` serves the fallback and logs what it would have shown; `frozen`
            serves and publishes nothing new; `off` serves the fallback.
        frozen_serves: the last published policy or the fallback, while the slot is frozen.
        guard: None for no guard.
        free_amount: amounts that visitors may type instead of the chosen one; None for none.
        affordable: most times the visitor's usual amount that a variant may be; None for no limit.
        comparison: the group `usual`; None for none.
        trials: of plans; None for those of every slot.
        offers: None where its variants are no offers; those of `banner` always are.
    """

    name: str
    revision: int
    variants: tuple[Variant, ...]
    context: tuple[SlotAttribute, ...]
    policy: Mapping[str, object]
    terms: RewardTerms
    stickiness: Stickiness
    holdout: float
    floor: float
    fallback: Mapping[str, str]
    title: str = ""
    mode: SlotMode = SlotMode.LIVE
    frozen_serves: FrozenServes = FrozenServes.POLICY
    guard: GuardTerms | None = None
    free_amount: FreeAmount | None = None
    affordable: float | None = None
    comparison: ComparisonTerms | None = None
    trials: TrialTerms | None = None
    offers: OfferTerms | None = None

    @property
    def offer_terms(self) -> OfferTerms | None:
        """The terms on which its variants are offers; None where they are none."""
        return OfferTerms() if self.offers is None and self.name == PROMOTIONS else self.offers

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The variants' names, in order."""
        return tuple(v.name for v in self.variants)

    @cached_property
    def titles(self) -> Mapping[str, Mapping[str, str]]:
        """Variant -> its title by language, of the variants that have one."""
        return {v.name: v.title for v in self.variants if v.title}

    @cached_property
    def limits(self) -> Mapping[str, int]:
        """Variant -> units that may ever be given, of the variants whose stock is limited."""
        stocks = {v.name: v.availability.stock for v in self.variants}
        return {name: stock for name, stock in stocks.items() if stock is not None}

    @property
    def usual_share(self) -> float:
        """The share of the subjects outside the holdouts who get the operator's own rule.

        A slot in shadow mode shows everybody its fallback: there is no such group.
        """
        terms = self.comparison
        return 0.0 if terms is None or self.mode == SlotMode.SHADOW else terms.share

    def variant(self, name: str) -> Variant | None:
        """Return the variant of a name, or None."""
        return self._by_name.get(name)

    @cached_property
    def _by_name(self) -> Mapping[str, Variant]:
        return {v.name: v for v in self.variants}

    def fallback_for(self, page: str) -> str:
        """Return the name of the variant that a page shows when nothing else can be."""
        return self.fallback.get(page, self.fallback[DEFAULT_PAGE])

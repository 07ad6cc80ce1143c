"""Choosing: what sticks, who is held out, who is eligible, and the draw. Pure.

Everything that the draw used is in the `Decision` that comes back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from typing import Final

from bandits.distribution import draw_one, uniform_from_key
from nudge.domain.basics.slot_values import is_number
from nudge.domain.choosing.eligibility import KEEPING, EligibilityInput, affordable, removal_reasons
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.choosing.requests import DecisionRequest
from nudge.domain.choosing.standing_offers import (
    NewOffer,
    StandingOffers,
    binding_benefits,
    with_offer,
)
from nudge.domain.choosing.stock import field_of
from nudge.domain.journal.records import Decision, DecisionReason, Ref
from nudge.domain.people.failures import FAILED_AT
from nudge.domain.slots.holdout import GLOBAL, in_holdout, in_usual
from nudge.domain.slots.slot import Scalar, Slot, SlotMode

PUBLIC: Final = "|?"
"""Suffix of the stickiness key of callers without a device token. A device that later proves that
it is the visitor's takes the decision over."""


@dataclass(frozen=True)
class StandingDecision:
    """A decision that stands: appended now, or made before.

    Attributes:
        ref: where it stands.
        decision: as it was recorded.
        period: stickiness period in which it was made.
        fresh: appended by this call.
    """

    ref: Ref
    decision: Decision
    period: int
    fresh: bool


@dataclass(frozen=True)
class ChoiceInput:
    """The input of a choice: everything known when the slots of a page are decided.

    Attributes:
        ask: the question.
        subject: of the visitor.
        context: the attributes that rules and policies may see.
        at: seconds.
        holdout: global share.
        source: id of the API key.
        key: of the draw.
        degraded: the visitor's state could not be read.
        benefits: groups of which the visitor has a benefit; None where that may not be known.
        left: `<slot>:<variant>` -> units of its stock; None where nobody knows.
        tries: draws before this one that could not be written.
        public: the caller has shown nothing by which the person may be known: what sticks is kept
            apart from what sticks for the person.
        amounts: yuan, that the visitor has paid or chosen before.
        blocked: slot -> variant -> why it is not possible; for send windows.
        periods: slot -> index of its period, where it is not one of equal length.
        withdrawn: slots of which what sticks can stand no longer.
        by_page: a page's key asks.
        offers: that the visitor was made, over all slots and channels.
    """

    ask: DecisionRequest
    subject: str
    context: Mapping[str, Scalar]
    at: float
    holdout: float
    source: str
    key: bytes
    degraded: bool
    benefits: Collection[str] | None = None
    left: Mapping[str, int] | None = None
    tries: int = 0
    public: bool = False
    amounts: Collection[float] = ()
    blocked: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    periods: Mapping[str, int] = field(default_factory=dict)
    withdrawn: Collection[str] = ()
    by_page: bool = False
    offers: StandingOffers = field(default_factory=dict)

    def with_offers(self, new: Iterable[NewOffer | None]) -> ChoiceInput:
        """The input of the next draw, behind decisions that made these offers."""
        offers = reduce(with_offer, new, self.offers)
        return self if offers is self.offers else replace(self, offers=offers)

    def without_units(self, taken: Sequence[str]) -> ChoiceInput:
        """The input of another draw, where somebody else took the last unit of these stocks.

        Args:
            taken: fields of the stock, `<slot>:<variant>`.
        """
        left = {**(self.left or {}), **dict.fromkeys(taken, 0)}
        return replace(self, left=left, tries=self.tries + 1)

    def eligibility(self, slot: Slot) -> EligibilityInput:
        """The input of the slot's rules of eligibility."""
        left = self.left
        if left is not None:
            left = {name: left.get(field_of(slot.name, name), 0) for name in slot.limits}
        ask, limit = self.ask, affordable(slot, self.context)
        return EligibilityInput(
            ask.channel,
            ask.page,
            self.context,
            self.at,
            self.benefits,
            left,
            limit,
            self.amounts,
            self.blocked.get(slot.name, {}),
            self._offered(slot) if self.offers else {},
        )

    def _offered(self, slot: Slot) -> Mapping[str, str]:
        return binding_benefits(self.offers, unit_of(slot, self.ask, self.context), self.at)

    @cached_property
    def held_out(self) -> bool:
        """True for subjects of the global holdout: found once for all slots of a page."""
        return in_holdout(self.subject, GLOBAL, self.holdout)


@dataclass(frozen=True)
class StickyKey:
    """The key by which a decision is remembered.

    Attributes:
        unit: slot and `sticky_by` values; empty for decisions that are not remembered.
        period: index of the stickiness period.
        before: the decision of this period that can stand no longer, if any.
    """

    unit: str = ""
    period: int = 0
    before: StandingDecision | None = None


def choose(
    live: LiveSlot, known: ChoiceInput, assigned: Mapping[str, StandingDecision]
) -> StandingDecision | Decision:
    """Decide a slot: the decision that sticks, if it is still eligible, or a new one.

    Args:
        live: the slot.
        known: the visitor and the page.
        assigned: unit -> the decision that the visitor keeps.
    """
    slot = live.slot
    gone = removal_reasons(slot, live.rules, known.eligibility(slot))
    eligible = tuple(name for name in slot.names if name not in gone) if gone else slot.names
    ask = known.ask
    forced = slot.fallback_for(ask.page) if ask.rehearsal else ask.force.get(slot.name)
    if forced is not None:
        reason = DecisionReason.SHADOW if ask.rehearsal else DecisionReason.FORCED
        return _record(live, known, gone, (forced,), (1.0,), forced, reason, StickyKey())
    stick = _stick(slot, known, assigned)
    if stick.before and _stays(stick.before.decision, slot, gone, known):
        return stick.before
    return _new(live, known, gone, eligible, stick)


def _stick(slot: Slot, known: ChoiceInput, assigned: Mapping[str, StandingDecision]) -> StickyKey:
    """The slot's sticky key, with the decision of this period that the visitor has, if any."""
    unit = unit_of(slot, known.ask, known.context)
    public = unit + PUBLIC
    period = known.periods.get(slot.name, int(known.at // slot.stickiness.period))
    for name in (public,) if known.public else (unit, public):
        before = assigned.get(name)
        if before and before.period == period:
            return StickyKey(public if known.public else unit, period, before)
    return StickyKey(public if known.public else unit, period)


def _stays(before: Decision, slot: Slot, gone: Mapping[str, str], known: ChoiceInput) -> bool:
    """True for a decision that may be given again."""
    return (
        gone.get(before.variant) in KEEPING
        and slot.name not in known.withdrawn
        and before.variant in slot.names
        and _stands(before, slot)
    )


def orphans(assigned: Mapping[str, StandingDecision]) -> dict[str, str]:
    """Map public units to the visitor's own, where the visitor has none of that period yet."""
    found = {unit: unit.removesuffix(PUBLIC) for unit in assigned if unit.endswith(PUBLIC)}
    periods = {unit: kept.period for unit, kept in assigned.items()}
    return {public: own for public, own in found.items() if periods.get(own) != periods[public]}


def _stands(before: Decision, slot: Slot) -> bool:
    """False for what was only logged in shadow mode and is served now, and the other way round."""
    return before.reason == DecisionReason.HOLDOUT or (
        (before.reason == DecisionReason.SHADOW) == (slot.mode == SlotMode.SHADOW)
    )


def _new(
    live: LiveSlot,
    known: ChoiceInput,
    gone: Mapping[str, str],
    eligible: tuple[str, ...],
    stick: StickyKey,
) -> Decision:
    slot = live.slot
    fallback = slot.fallback_for(known.ask.page)
    if not eligible:
        # Not remembered: as soon as something is eligible again, it is to be chosen.
        return _record(
            live, known, gone, (fallback,), (1.0,), fallback, DecisionReason.FALLBACK, StickyKey()
        )
    group = _group_of(slot, known)
    if group != DecisionReason.POLICY:
        wanted = fallback if group == DecisionReason.HOLDOUT else _usual(slot, known)
        shown = next((one for one in (wanted, fallback) if one in eligible), eligible[0])
        pmf = tuple([float(name == shown) for name in eligible])
        return _record(live, known, gone, eligible, pmf, shown, group, stick)
    shadow = slot.mode == SlotMode.SHADOW
    if len(eligible) == 1:
        reason = DecisionReason.SHADOW if shadow else DecisionReason.ONLY_ELIGIBLE
        return _record(live, known, gone, eligible, (1.0,), eligible[0], reason, stick)
    mask = live.mask(eligible)
    pmf = tuple(live.policy.distribution_one(known.context, mask)[mask].tolist())
    u = _uniform(known, stick)
    drawn = eligible[draw_one(pmf, u)]
    if shadow:
        return _record(live, known, gone, eligible, pmf, drawn, DecisionReason.SHADOW, stick, u)
    reason = DecisionReason.POLICY
    return _record(live, known, gone, eligible, pmf, drawn, reason, stick, u, live.floor)


def group_of(slot: Slot, subject: str, holdout: float) -> DecisionReason:
    """The group of a subject: holdout (global, of this share, or the slot's), usual or policy."""
    return _group(slot, subject, everywhere=in_holdout(subject, GLOBAL, holdout))


def _group_of(slot: Slot, known: ChoiceInput) -> DecisionReason:
    return _group(slot, known.subject, everywhere=known.held_out)


def _group(slot: Slot, subject: str, *, everywhere: bool) -> DecisionReason:
    if everywhere or in_holdout(subject, slot.name, slot.holdout):
        return DecisionReason.HOLDOUT
    if slot.comparison is not None and in_usual(subject, slot.name, slot.usual_share):
        return DecisionReason.USUAL
    return DecisionReason.POLICY


def _usual(slot: Slot, known: ChoiceInput) -> str | None:
    """Return the variant that the operator's own rule shows; None where it names nothing."""
    terms, ask = slot.comparison, known.ask
    if terms is None:
        return None
    asked = {"page": ask.page, "channel": ask.channel}
    return terms.rule.find_variant(asked.get(terms.rule.by, known.context.get(terms.rule.by)))


def unit_of(slot: Slot, ask: DecisionRequest, context: Mapping[str, Scalar]) -> str:
    """The unit that a decision of the slot sticks by: the slot and its `sticky_by` values."""
    if not slot.stickiness.by:
        return slot.name
    failed_at = context.get(FAILED_AT)
    failure = f"{failed_at:.3f}" if is_number(failed_at) else ""
    values = {"page": ask.page, "channel": ask.channel, "failure": failure}
    return "|".join((slot.name, *(values[name] for name in slot.stickiness.by)))


def _uniform(known: ChoiceInput, stick: StickyKey) -> int:
    """The draw's u: uniform on [0, 2**64)."""
    # A decision that is superseded has used its u: the next one in the period needs another.
    again = stick.before.ref.position if stick.before else 0
    key = draw_key(stick.unit, known.subject, stick.period, again)
    if known.tries:
        key += f"|{known.tries}"
    return uniform_from_key(key, known.key)


def draw_key(unit: str, subject: str, period: int, again: int = 0) -> str:
    """The text that a draw depends on, besides the secret.

    Args:
        unit: that the decision sticks by.
        subject: of the visitor.
        period: of stickiness.
        again: position of the decision that this one replaces; 0 for none.
    """
    return f"{unit}|{subject}|{period}|{again}"


def _record(
    live: LiveSlot,
    known: ChoiceInput,
    gone: Mapping[str, str],
    eligible: tuple[str, ...],
    pmf: tuple[float, ...],
    shown: str,
    reason: DecisionReason,
    stick: StickyKey,
    u: int | None = None,
    floor: float | None = None,
) -> Decision:
    slot, ask, attributes = live.slot, known.ask, known.context
    context = {name: attributes[name] for name in live.attributes if name in attributes}
    return Decision(
        subject=known.subject,
        slot=slot.name,
        revision=slot.revision,
        channel=ask.channel,
        page=ask.page,
        context=context,
        cell=live.cells.cell(context),
        eligible=eligible,
        removed=gone,
        pmf=pmf,
        u=_uniform(known, stick) if u is None else u,
        variant=shown,
        propensity=pmf[eligible.index(shown)],
        reason=reason,
        policy=live.policy_kind,
        policy_version=live.policy_version,
        terms=replace(slot.terms, on="shown") if ask.ahead else slot.terms,
        unit=stick.unit,
        period=stick.period,
        supersedes=stick.before.ref if stick.before else None,
        degraded=known.degraded,
        source=known.source,
        by_page=known.by_page,
        floor=floor,
    )

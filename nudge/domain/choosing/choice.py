"""Choosing: what sticks, who is held out, who is eligible, and the draw. Pure.

Everything that the draw used is in the `Decision` that comes back.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from bandits.distribution import draw, uniform_from_key
from nudge.domain.basics.slot_values import is_number
from nudge.domain.choosing.eligibility import KEEPING, EligibilityInput, affordable, removal_reasons
from nudge.domain.choosing.requests import DecisionRequest
from nudge.domain.choosing.stock import field_of, limits
from nudge.domain.journal.records import Decision, Reason, Ref
from nudge.domain.people.failures import FAILED_AT
from nudge.domain.slots.holdout import GLOBAL, in_holdout
from nudge.domain.slots.live_slot import LiveSlot
from nudge.domain.slots.slot import Scalar, Slot

PUBLIC: Final = "|?"
"""Ends the unit of what sticks for whoever knows the visitor's id: it was chosen without anything
that is known of the person. The person's own device goes on with it."""
SHADOW: Final = "shadow"
"""Mode of a slot, and reason of its decisions: drawn and logged, while the fallback is shown."""


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
    """Everything known when the slots of one ask are decided.

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

    def asked(self, slot: Slot) -> EligibilityInput:
        """What the slot's rules look at."""
        left = self.left
        if left is not None:
            left = {name: left.get(field_of(slot.name, name), 0) for name in limits(slot)}
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
        )


@dataclass(frozen=True)
class StickyKey:
    """By what a decision is remembered.

    Attributes:
        unit: slot and `sticky_by` values; empty for decisions that are not remembered.
        period: index of the stickiness period.
        before: the decision of this period that can stand no longer, if any.
    """

    unit: str = ""
    period: int = 0
    before: StandingDecision | None = None


def choose(
    served: LiveSlot, setting: ChoiceInput, assigned: Mapping[str, StandingDecision]
) -> StandingDecision | Decision:
    """The decision of one slot: the one that sticks, if it is still eligible, or a new one."""
    slot, ask = served.slot, setting.ask
    gone = removal_reasons(slot, setting.asked(slot))
    eligible = tuple(name for name in slot.names if name not in gone)
    forced = ask.force.get(slot.name)
    if forced is not None:
        return _record(served, setting, gone, (forced,), (1.0,), forced, "forced", StickyKey())
    unit = unit_of(slot, setting.ask, setting.context)
    public = unit + PUBLIC
    period = setting.periods.get(slot.name, int(setting.at // slot.stickiness.period))
    found = [assigned.get(public)] if setting.public else [assigned.get(unit), assigned.get(public)]
    before = next((x for x in found if x and x.period == period), None)
    unit = public if setting.public else unit
    if before:
        kept = gone.get(before.decision.variant) in KEEPING and slot.name not in setting.withdrawn
        if kept and before.decision.variant in slot.names and _stands(before.decision, slot):
            return before
    return _new(served, setting, gone, eligible, StickyKey(unit, period, before))


def orphans(assigned: Mapping[str, StandingDecision]) -> dict[str, str]:
    """Units of what anybody with the id may see -> the person's, where nothing of the period is."""
    found = {unit: unit.removesuffix(PUBLIC) for unit in assigned if unit.endswith(PUBLIC)}
    periods = {unit: kept.period for unit, kept in assigned.items()}
    return {public: own for public, own in found.items() if periods.get(own) != periods[public]}


def _stands(before: Decision, slot: Slot) -> bool:
    """False for what was only logged in shadow mode and is served now, and the other way round."""
    return before.reason == "holdout" or (before.reason == SHADOW) == (slot.mode == SHADOW)


def _new(
    served: LiveSlot,
    setting: ChoiceInput,
    gone: Mapping[str, str],
    eligible: tuple[str, ...],
    stick: StickyKey,
) -> Decision:
    slot = served.slot
    fallback = slot.fallback_for(setting.ask.page)
    if not eligible:
        # Not remembered: as soon as something is eligible again, it is to be chosen.
        return _record(
            served, setting, gone, (fallback,), (1.0,), fallback, "fallback", StickyKey()
        )
    if held_out(slot, setting.subject, setting.holdout):
        shown = fallback if fallback in eligible else eligible[0]
        pmf = tuple(float(name == shown) for name in eligible)
        return _record(served, setting, gone, eligible, pmf, shown, "holdout", stick)
    shadow = slot.mode == SHADOW
    if len(eligible) == 1:
        reason: Reason = SHADOW if shadow else "only_eligible"
        return _record(served, setting, gone, eligible, (1.0,), eligible[0], reason, stick)
    pmf = _pmf(served, setting, eligible)
    u = _u(setting, stick)
    drawn = eligible[draw(np.asarray(pmf), u)]
    reason = SHADOW if shadow else "policy"
    return _record(served, setting, gone, eligible, pmf, drawn, reason, stick)


def held_out(slot: Slot, subject: str, holdout: float) -> bool:
    """True for subjects of the global holdout, of this share, or of the slot's own."""
    return in_holdout(subject, GLOBAL, holdout) or in_holdout(subject, slot.name, slot.holdout)


def _pmf(served: LiveSlot, setting: ChoiceInput, eligible: tuple[str, ...]) -> tuple[float, ...]:
    mask = np.array([name in eligible for name in served.slot.names])
    full = served.policy.distribution_one(setting.context, mask)
    return tuple(full[mask].tolist())


def unit_of(slot: Slot, ask: DecisionRequest, context: Mapping[str, Scalar]) -> str:
    """The key that a decision of the slot sticks by."""
    failed_at = context.get(FAILED_AT)
    failure = f"{failed_at:.3f}" if is_number(failed_at) else ""
    values = {"page": ask.page, "channel": ask.channel, "failure": failure}
    return "|".join((slot.name, *(values[name] for name in slot.stickiness.by)))


def _u(setting: ChoiceInput, stick: StickyKey) -> int:
    # A decision that is superseded has used its u: the next one in the period needs another.
    again = stick.before.ref.position if stick.before else 0
    key = draw_key(stick.unit, setting.subject, stick.period, again)
    if setting.tries:
        key += f"|{setting.tries}"
    return uniform_from_key(key, setting.key)


def draw_key(unit: str, subject: str, period: int, again: int = 0) -> str:
    """What a draw hangs on, besides the secret.

    Args:
        unit: that the decision sticks by.
        subject: of the visitor.
        period: of stickiness.
        again: position of the decision that this one replaces; 0 for none.
    """
    return f"{unit}|{subject}|{period}|{again}"


def _record(
    served: LiveSlot,
    setting: ChoiceInput,
    gone: Mapping[str, str],
    eligible: tuple[str, ...],
    pmf: tuple[float, ...],
    shown: str,
    reason: Reason,
    stick: StickyKey,
) -> Decision:
    slot, ask = served.slot, setting.ask
    names = [attribute.name for attribute in slot.context]
    context = {name: setting.context[name] for name in names if name in setting.context}
    return Decision(
        subject=setting.subject,
        slot=slot.name,
        revision=slot.revision,
        channel=ask.channel,
        page=ask.page,
        context=context,
        cell=served.cells.cell(context),
        eligible=eligible,
        removed=gone,
        pmf=pmf,
        u=_u(setting, stick),
        variant=shown,
        propensity=pmf[eligible.index(shown)],
        reason=reason,
        policy=served.policy_kind,
        policy_version=int(served.policy.version),
        terms=slot.terms,
        unit=stick.unit,
        period=stick.period,
        supersedes=stick.before.ref if stick.before else None,
        degraded=setting.degraded,
        source=setting.source,
    )

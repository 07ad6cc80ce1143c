"""Plan: when to write to a customer, or why not. One read, the draw in memory, one write.

Without the store nothing is planned: a plan that nobody finds again would be sent twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from nudge.domain.asked import Ask, Given
from nudge.domain.caller import Caller
from nudge.domain.chance import Chance, chance_of
from nudge.domain.choice import SHADOW, Kept, Setting, choose, unit_of
from nudge.domain.contact import Contact, Known
from nudge.domain.contact_rules import displaced
from nudge.domain.failures import with_failure_told
from nudge.domain.link import Link
from nudge.domain.local_time import DAY
from nudge.domain.planning import Timing, Wish, known_of, planned, unplanned
from nudge.domain.records import Decision
from nudge.domain.sealing import Sealer
from nudge.domain.segments import Segments, members
from nudge.domain.served import Served
from nudge.domain.slot import Scalar
from nudge.domain.slot_values import is_number
from nudge.domain.stock import limits, taken_by
from nudge.domain.visitor import VisitorState
from nudge.domain.visitor_codec import decode_state
from nudge.domain.window import SLOT
from nudge.domain.windows import Calendar, Wanted, send_time
from nudge.errors import UnknownSlotError
from nudge.store.asking import Asking
from nudge.store.catalogue import Catalogue
from nudge.store.client import Client
from nudge.store.journal import append_taking
from nudge.store.keys import Keys
from nudge.store.visitors import Opened

KEEP: Final = 62.0 * DAY
"""Seconds that a plan is remembered: two months, since it may be for the end of the next one."""


@dataclass(frozen=True)
class Case:
    """A customer as the store knows them.

    Attributes:
        wish: the question.
        opened: the visitor.
        state: of the visitor.
        context: what rules and policies see.
        at: seconds, now.
        source: id of the API key.
    """

    wish: Wish
    opened: Opened
    state: VisitorState
    context: Mapping[str, Scalar]
    at: float
    source: str

    @property
    def ask(self) -> Ask:
        """As a page would ask; its page is the purpose."""
        wish = self.wish
        return Ask(wish.visitor_id, wish.channel, wish.purpose, (SLOT, *wish.slots), wish.context)


@dataclass(frozen=True)
class Planner:
    """Answers schedulers.

    Attributes:
        client: of the store.
        keys: of the installation.
        sealer: hashes, ids and tokens.
        holdout: global share of subjects who are never personalised.
        calendar: of the contact policy.
        segments: that visitors may belong to.
    """

    client: Client
    keys: Keys
    sealer: Sealer
    holdout: float
    calendar: Calendar
    segments: Segments = field(default_factory=dict)

    def plan(self, catalogue: Catalogue, wish: Wish, source: str, at: float) -> Timing:
        """When to write to a customer, and with what.

        Args:
            catalogue: slots and policies to decide by.
            wish: the question.
            source: id of the API key.
            at: seconds, now.

        Raises:
            UnknownSlotError: a slot is not configured.
            StoreAwayError: no answer.
        """
        check(catalogue, wish)
        case = self._case(catalogue, wish, source, at)
        unit = unit_of(catalogue.slots[SLOT].slot, case.ask, case.context)
        plans = planned((k for u, k in case.opened.assigned.items() if u != unit), at)
        known = known_of(case.state, plans, wish.zone)
        expected = case.context.get("expected_at")
        chance = chance_of(
            self.calendar,
            catalogue.slots[SLOT].windows,
            Wanted(known, wish.purpose, wish.channel, at),
            expected if is_number(expected) else None,
            case.opened.assigned.get(unit),
        )
        setting = self._setting(case, chance, unit)
        zone = self.calendar.policy.zone_of(known).key
        timing = self._timed(catalogue.slots[SLOT], setting, case, chance)
        if isinstance(timing, dict):
            return unplanned(wish.visitor_id, zone, timing)
        kept = self._kept(catalogue, setting, case, timing)
        return self._answer(catalogue, case, kept, zone, self._displaced(known, kept[SLOT], plans))

    def _case(self, catalogue: Catalogue, wish: Wish, source: str, at: float) -> Case:
        ask = Ask(wish.visitor_id, wish.channel, wish.purpose, (SLOT, *wish.slots), wish.context)
        stock = any(limits(catalogue.slots[name].slot) for name in ask.slots)
        # A scheduler is the operator's own server, whatever else its key may do.
        server = Caller(source, frozenset({"ingest"}))
        asking = Asking(self.client, self.keys, self.sealer)
        opened = asking.opened(ask, None, server, at, stock=stock, book=False)
        state = decode_state(opened.state) if opened.state else VisitorState()
        known = with_failure_told(state.context(at), wish.context, at)
        known |= {"channel": ask.channel, "page": ask.page}
        found = members(self.segments, known, at)
        context = known | {kind: one.segment.name for kind, one in found.items()}
        return Case(wish, opened, state, context, at, source)

    def _setting(self, case: Case, chance: Chance, unit: str) -> Setting:
        before = case.opened.assigned.get(unit)
        lost = before is not None and not chance.stands
        return Setting(
            ask=case.ask,
            subject=case.opened.subject,
            context=case.context,
            at=case.at,
            holdout=self.holdout,
            source=case.source,
            key=self.sealer.draw_key,
            degraded=False,
            benefits=case.state.benefits,
            left=case.opened.left,
            amounts=frozenset(fen / 100 for fen in case.state.amounts),
            blocked={SLOT: chance.blocked},
            periods={SLOT: chance.cycle},
            withdrawn={SLOT} if lost else (),
        )

    def _timed(
        self, served: Served, setting: Setting, case: Case, chance: Chance
    ) -> Kept | Decision | dict[str, str]:
        """The plan that stands, a new one with its time, or why there is none."""
        found = choose(served, setting, case.opened.assigned)
        if isinstance(found, Kept):
            return found
        shown = _shown(served, found)
        left = chance.allowed.get(shown) if shown in found.eligible else None
        if not left or found.reason == "fallback":
            return dict(found.removed) or {shown: found.reason}
        key = f"{found.unit}|{found.subject}|{found.period}|send"
        return replace(found, due=send_time(left, key, self.sealer.draw_key))

    def _kept(
        self, catalogue: Catalogue, setting: Setting, case: Case, timing: Kept | Decision
    ) -> dict[str, Kept]:
        """Slot -> what stands; all that is new is written by one script."""
        done: dict[str, Kept] = {}
        names = [SLOT, *case.wish.slots]
        while names:
            found = {
                n: timing
                if n == SLOT
                else choose(catalogue.slots[n], setting, case.opened.assigned)
                for n in names
            }
            done |= {n: one for n, one in found.items() if isinstance(one, Kept)}
            fresh = [(n, one) for n, one in found.items() if isinstance(one, Decision)]
            if not fresh:
                return done
            taking = [(d, taken_by(catalogue.slots[n].slot, d)) for n, d in fresh]
            periods = (catalogue.slots[n].slot.stickiness.period for n, _ in fresh)
            made = append_taking(
                self.client, self.keys, case.opened.partition, taking, max(KEEP, *periods)
            )
            done |= {n: one for (n, _), one in zip(fresh, made, strict=True) if one}
            # Somebody else took the last one: another draw without it.
            gone = {name: 0 for (_, name), one in zip(taking, made, strict=True) if one is None}
            names = [n for (n, _), one in zip(fresh, made, strict=True) if one is None]
            setting = replace(
                setting, left={**(setting.left or {}), **gone}, tries=setting.tries + 1
            )
        return done

    def _displaced(
        self, known: Known, kept: Kept, plans: Mapping[Contact, Kept]
    ) -> tuple[str, ...]:
        made = kept.decision
        if not kept.fresh or made.due is None:
            return ()
        new = Contact(made.due, made.channel, made.page)
        gone = displaced(self.calendar.policy, known, new)
        return tuple(self.sealer.seal(plans[one].ref) for one in gone)

    def _answer(
        self,
        catalogue: Catalogue,
        case: Case,
        kept: Mapping[str, Kept],
        zone: str,
        displaces: tuple[str, ...],
    ) -> Timing:
        plan, made = kept[SLOT], kept[SLOT].decision
        return Timing(
            visitor_id=case.wish.visitor_id,
            send_at=made.due,
            zone=zone,
            decision_id=self.sealer.seal(plan.ref),
            window=_shown(catalogue.slots[SLOT], made),
            propensity=1.0 if made.reason == SHADOW else made.propensity,
            link_token=self.sealer.links.token(Link(made.subject, plan.ref)),
            reason=made.reason,
            blocked=made.removed,
            sticky=not plan.fresh,
            decisions={n: self._given(catalogue.slots[n], kept[n]) for n in case.wish.slots},
            displaces=displaces,
        )

    def _given(self, served: Served, kept: Kept) -> Given:
        made, shown = kept.decision, _shown(served, kept.decision)
        variant = served.slot.variant(shown)
        return Given(
            decision_id=self.sealer.seal(kept.ref),
            variant=shown,
            value=variant.value if variant else None,
            propensity=1.0 if made.reason == SHADOW else made.propensity,
            reason=made.reason,
            policy=made.policy,
            policy_version=made.policy_version,
            sticky=not kept.fresh,
            degraded=made.degraded,
            free_amount=served.slot.free_amount,
        )


def check(catalogue: Catalogue, wish: Wish) -> None:
    """Refuse what names slots that do not exist.

    Raises:
        UnknownSlotError: naming the slot.
    """
    for name in (SLOT, *wish.slots):
        if name not in catalogue.slots:
            raise UnknownSlotError(f"slot {name!r} is not configured", {"slots": [name]})


def _shown(served: Served, made: Decision) -> str:
    """The variant that is used: in shadow mode the fallback, whatever was drawn."""
    return served.slot.fallback_for(made.page) if made.reason == SHADOW else made.variant

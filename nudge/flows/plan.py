"""Plan: when to write to a customer, or why not. One read, the draw in memory, one write.

Without the store nothing is planned: a plan that nobody finds again would be sent twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from nudge.domain.asked import Ask
from nudge.domain.chance import Chance, chance_of
from nudge.domain.choice import Kept, Setting, choose, unit_of
from nudge.domain.contact import Contact, Known
from nudge.domain.failures import with_failure_told
from nudge.domain.local_time import DAY
from nudge.domain.plan_answer import Answering, shown_of
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
from nudge.store.journal import Batch, append_each
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


@dataclass
class Draft:
    """What a wish comes to, before everything is written.

    Attributes:
        wish: the question.
        known: of the customer.
        plans: what else is planned for them.
        setting: of the draws.
        opened: the visitor.
        blocked: window -> why not, where nothing may be sent.
        chosen: slot -> what stands, or is to be written; empty where nothing may be sent.
    """

    wish: Wish
    known: Known
    plans: Mapping[Contact, Kept]
    setting: Setting
    opened: Opened
    blocked: Mapping[str, str] = field(default_factory=dict)
    chosen: dict[str, Kept | Decision] = field(default_factory=dict)

    @property
    def fresh(self) -> dict[str, Decision]:
        """What is to be written."""
        return {n: one for n, one in self.chosen.items() if isinstance(one, Decision)}

    @property
    def kept(self) -> dict[str, Kept]:
        """What stands."""
        return {n: one for n, one in self.chosen.items() if isinstance(one, Kept)}


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
        """When to write to a customer, and with what: `plan_each` of one."""
        return self.plan_each(catalogue, [wish], source, at)[0]

    def plan_each(
        self, catalogue: Catalogue, wishes: Sequence[Wish], source: str, at: float
    ) -> list[Timing]:
        """When to write to customers, and with what; two round trips for all together.

        Args:
            catalogue: slots and policies to decide by.
            wishes: the questions. Where one customer has several, the later see the earlier.
            source: id of the API key.
            at: seconds, now.

        Raises:
            UnknownSlotError: a slot is not configured.
            StoreAwayError: no answer; any of them may be planned, and the same call finds them.
        """
        for wish in wishes:
            check(catalogue, wish)
        return [
            timing
            for distinct in rounds(wishes)
            for timing in self._round(catalogue, distinct, source, at)
        ]

    def _round(
        self, catalogue: Catalogue, wishes: Sequence[Wish], source: str, at: float
    ) -> list[Timing]:
        slots = {name for wish in wishes for name in (SLOT, *wish.slots)}
        stock = any(limits(catalogue.slots[name].slot) for name in slots)
        asking = Asking(self.client, self.keys, self.sealer)
        # A scheduler is the operator's own server, whatever else its key may do.
        opened = asking.opened_each([wish.visitor_id for wish in wishes], stock=stock)
        drafts = [
            self._draft(catalogue, self._case(wish, one, source, at))
            for wish, one in zip(wishes, opened, strict=True)
        ]
        self._write(catalogue, drafts)
        answering = Answering(self.sealer, self.calendar.policy, catalogue.slots)
        return [
            answering.timing(draft.wish, draft.known, draft.plans, draft.kept)
            if draft.chosen
            else unplanned(draft.wish.visitor_id, self._zone(draft.known), draft.blocked)
            for draft in drafts
        ]

    def _zone(self, known: Known) -> str:
        return self.calendar.policy.zone_of(known).key

    def _case(self, wish: Wish, opened: Opened, source: str, at: float) -> Case:
        state = decode_state(opened.state) if opened.state else VisitorState()
        known = with_failure_told(state.context(at), wish.context, at)
        known |= {"channel": wish.channel, "page": wish.purpose}
        found = members(self.segments, known, at)
        context = known | {kind: one.segment.name for kind, one in found.items()}
        return Case(wish, opened, state, context, at, source)

    def _draft(self, catalogue: Catalogue, case: Case) -> Draft:
        served, wish, assigned = catalogue.slots[SLOT], case.wish, case.opened.assigned
        unit = unit_of(served.slot, case.ask, case.context)
        plans = planned((k for u, k in assigned.items() if u != unit), case.at)
        known = known_of(case.state, plans, wish.zone)
        expected = case.context.get("expected_at")
        chance = chance_of(
            self.calendar,
            served.windows,
            Wanted(known, wish.purpose, wish.channel, case.at),
            expected if is_number(expected) else None,
            assigned.get(unit),
        )
        setting = self._setting(case, chance, unit)
        timing = chance.past or self._timed(served, setting, case, chance)
        if isinstance(timing, dict):
            return Draft(wish, known, plans, setting, case.opened, blocked=timing)
        chosen: dict[str, Kept | Decision] = {SLOT: timing}
        chosen |= {n: choose(catalogue.slots[n], setting, assigned) for n in wish.slots}
        return Draft(wish, known, plans, setting, case.opened, chosen=chosen)

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
        shown = shown_of(served, found)
        left = chance.allowed.get(shown) if shown in found.eligible else None
        if not left or found.reason == "fallback":
            return dict(found.removed) or {shown: found.reason}
        key = f"{found.unit}|{found.subject}|{found.period}|send"
        return replace(found, due=send_time(left, key, self.sealer.draw_key))

    def _write(self, catalogue: Catalogue, drafts: Sequence[Draft]) -> None:
        """Append all that is new; of each customer by one script."""
        while pending := [draft for draft in drafts if draft.fresh]:
            batches = [self._batch(catalogue, draft) for draft in pending]
            made = append_each(self.client, self.keys, batches)
            for draft, batch, found in zip(pending, batches, made, strict=True):
                names = list(draft.fresh)
                draft.chosen |= {n: one for n, one in zip(names, found, strict=True) if one}
                pairs = zip(batch.decisions, found, strict=True)
                if taken := [takes for (_, takes), one in pairs if not one]:
                    self._again(catalogue, draft, taken)

    def _batch(self, catalogue: Catalogue, draft: Draft) -> Batch:
        slots = {name: catalogue.slots[name].slot for name in draft.fresh}
        taking = [(d, taken_by(slots[name], d)) for name, d in draft.fresh.items()]
        keep_for = max(KEEP, *(slot.stickiness.period for slot in slots.values()))
        return Batch(draft.opened.partition, taking, keep_for)

    def _again(self, catalogue: Catalogue, draft: Draft, taken: Sequence[str]) -> None:
        """Another draw where somebody else took the last one; windows have no stock."""
        before = draft.setting
        left = {**(before.left or {}), **dict.fromkeys(taken, 0)}
        draft.setting = replace(before, left=left, tries=before.tries + 1)
        for name in draft.fresh:
            draft.chosen[name] = choose(catalogue.slots[name], draft.setting, draft.opened.assigned)


def check(catalogue: Catalogue, wish: Wish) -> None:
    """Refuse what names slots that do not exist.

    Raises:
        UnknownSlotError: naming the slot.
    """
    for name in (SLOT, *wish.slots):
        if name not in catalogue.slots:
            raise UnknownSlotError(f"slot {name!r} is not configured", {"slots": [name]})


def rounds(wishes: Sequence[Wish]) -> Iterator[list[Wish]]:
    """The wishes, cut before each customer who is there already: one plan counts for the next."""
    found: list[Wish] = []
    seen: set[str] = set()
    for wish in wishes:
        if wish.visitor_id in seen:
            yield found
            found, seen = [], set()
        found.append(wish)
        seen.add(wish.visitor_id)
    if found:
        yield found

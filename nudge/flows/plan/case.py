"""A customer who is planned for: from what the store knows to what is decided. No store in here."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from nudge.domain.alike import Alike, alike_of, is_plain
from nudge.domain.asked import Ask
from nudge.domain.block import Drawn, drawn_of
from nudge.domain.chance import Chance, Chances
from nudge.domain.choice import Kept, Setting, choose, held_out, unit_of
from nudge.domain.contact import Consent, Contact, Known
from nudge.domain.contact_capacity import Capacity, hours_of, limit
from nudge.domain.failures import FAILED_AT, with_failure_told
from nudge.domain.plan_answer import Plan
from nudge.domain.planning import Wish, known_of, planned
from nudge.domain.segments import Segments, members
from nudge.domain.served import Served
from nudge.domain.slot import Scalar
from nudge.domain.slot_values import is_number
from nudge.domain.visitor import VisitorState
from nudge.domain.visitor_codec import decode_person
from nudge.domain.window import SLOT
from nudge.domain.windows import Calendar, send_time
from nudge.store.visitors import Opened

MINUTE: Final = 60.0
MOST_ALIKE: Final = 4096
"""Groups of customers that are remembered; then all are forgotten."""
_NOBODY: Final = VisitorState()


@dataclass(slots=True)
class Case:
    """A customer who is planned for.

    Attributes:
        wish: the question.
        opened: the visitor.
        state: of the visitor.
        context: what rules and policies see.
        known: what the contact policy asks for.
        plans: what else is planned for them.
        unit: that the plan sticks by.
        chance: what is possible.
        alike: what customers like this one come to; None where the customer is looked at alone.
        gain: what the policy expects of a plan.
        left: what is possible within the capacity.
        version: of the capacity when it was looked at.
        drawn: a new plan; None where there is none.
        blocked: window -> why not, where nothing may be sent.
        plan: what stands in the end.
        besides: slot -> what else goes into the SMS.
    """

    wish: Wish
    opened: Opened
    state: VisitorState
    context: Mapping[str, Scalar]
    known: Known
    plans: Mapping[Contact, Kept]
    unit: str
    chance: Chance
    alike: Alike | None = None
    gain: float = 0.0
    left: Chance | None = None
    version: int = -1
    drawn: Drawn | None = None
    blocked: Mapping[str, str] = field(default_factory=dict)
    plan: Plan | None = None
    besides: dict[str, Kept] = field(default_factory=dict)

    @property
    def due(self) -> float | None:
        """Seconds, when the new plan is to be sent; None without one."""
        return self.drawn.due if self.drawn else None


class Table:
    """What is the same for all who are planned with one policy in one minute.

    Nothing is planned for the minute that runs: whoever is to send has not been told yet.

    Attributes:
        served: the slot.
        chances: what is possible.
        minute: seconds, the end of the minute.
    """

    def __init__(self, calendar: Calendar, served: Served, minute: float) -> None:
        self.served, self.minute = served, minute
        self.chances = Chances(calendar, served.windows, minute)
        self.plain = is_plain(served.slot)
        self._names = tuple(one.name for one in served.slot.context)
        self._limits: dict[tuple[str, str], int | None] = {}
        self._alike: dict[object, Alike] = {}
        self._units: dict[object, str] = {}

    @property
    def calendar(self) -> Calendar:
        """Of the contact policy."""
        return self.chances.calendar

    def limit(self, purpose: str, channel: str) -> int | None:
        """Contacts from which on an hour is full for a purpose; None for no limit."""
        key = purpose, channel
        if key not in self._limits:
            self._limits[key] = limit(self.calendar.policy, purpose, channel)
        return self._limits[key]

    def rooms(
        self, purpose: str, channel: str, most: int, used: Mapping[int, int]
    ) -> Iterator[int]:
        """For each window that is possible: how many more contacts its hours carry.

        By the clock of those whose zone is not known, and of those who agreed to everything.
        """
        anybody = Known(consents=(Consent(channel, 0.0, given=True),))
        chance = self.chances.of(anybody, purpose, channel, self.minute, None)
        for intervals in chance.allowed.values():
            yield sum(max(0, most - used.get(hour, 0)) for hour in hours_of(intervals))

    def unit(self, wish: Wish, context: Mapping[str, Scalar]) -> str:
        """What a customer's plan sticks by."""
        key = wish.purpose, wish.channel, context.get(FAILED_AT)
        found = self._units.get(key)
        if found is None:
            if len(self._units) >= MOST_ALIKE:
                self._units.clear()
            found = self._units[key] = unit_of(self.served.slot, _ask(wish), context)
        return found

    def alike(self, desk: Desk, case: Case, chance: Chance) -> Alike:
        """What customers like this one come to."""
        if not self.plain:
            return desk.alone(case, chance)
        wish, context = case.wish, case.context
        held = held_out(self.served.slot, case.opened.subject, desk.holdout)
        values = tuple([context.get(name) for name in self._names])
        # By kind as well: a cell may tell 1 from true.
        kinds = tuple(map(type, values))
        of = chance.mark, held, case.unit, wish.purpose, wish.channel, desk.source
        found = self._alike.get((of, values, kinds))
        if found is None:
            if len(self._alike) >= MOST_ALIKE:
                self._alike.clear()
            found = self._alike[of, values, kinds] = desk.alone(case, chance)
        return found


def minute_of(at: float) -> float:
    """The end of a moment's minute, in seconds."""
    return math.ceil(at / MINUTE) * MINUTE


@dataclass(frozen=True)
class Desk:
    """Where customers are looked at.

    Attributes:
        table: what they have in common.
        segments: that visitors may belong to.
        holdout: global share.
        key: secret, of draws.
        source: id of the API key.
        at: seconds, now.
    """

    table: Table
    segments: Segments
    holdout: float
    key: bytes
    source: str
    at: float

    def case(self, wish: Wish, opened: Opened) -> Case:
        """A customer, with what is possible."""
        at, table = self.at, self.table
        state = decode_person(opened.state) if opened.state else _NOBODY
        context = with_failure_told(state.context(at), wish.context, at)
        context |= {"channel": wish.channel, "page": wish.purpose}
        found = members(self.segments, context, at)
        context |= {kind: one.segment.name for kind, one in found.items()}
        unit = table.unit(wish, context)
        assigned = opened.assigned
        plans = planned((k for u, k in assigned.items() if u != unit), at) if assigned else {}
        known = known_of(state, plans, wish.zone)
        expected = context.get("expected_at")
        chance = table.chances.of(
            known,
            wish.purpose,
            wish.channel,
            expected if is_number(expected) else None,
            assigned.get(unit),
        )
        return Case(wish, opened, state, context, known, plans, unit, chance)

    def look(self, case: Case, capacity: Capacity) -> None:
        """See what is possible within the capacity, and what it may be worth."""
        wish, chance = case.wish, case.chance
        case.version = capacity.version
        case.drawn = case.plan = case.alike = None
        case.blocked = {}
        if chance.past:
            case.plan = _kept(chance.past)
            return
        most = self.table.limit(wish.purpose, wish.channel)
        left = case.left = self.table.chances.left(chance, capacity, wish.channel, most)
        before = case.opened.assigned.get(case.unit)
        if before is not None and before.period == chance.cycle:
            self._look_again(case, chance if chance.stands else left)
        else:
            self._found(case, self.table.alike(self, case, left))

    def _look_again(self, case: Case, chance: Chance) -> None:
        """A customer with a plan of this cycle, which may stand or not."""
        setting = self.setting(case, chance)
        found = choose(self.table.served, setting, case.opened.assigned)
        if isinstance(found, Kept):
            case.plan = _kept(found)
            return
        self._found(case, alike_of(self.table.served, found, case.context))
        case.drawn = drawn_of(found)

    def _found(self, case: Case, alike: Alike) -> None:
        case.alike, case.gain, case.blocked = alike, alike.gain, alike.blocked

    def alone(self, case: Case, chance: Chance) -> Alike:
        """What one customer comes to, who has no plan of this cycle."""
        served = self.table.served
        made = choose(served, self.setting(case, chance), {})
        if isinstance(made, Kept):
            raise TypeError("nothing is kept for nobody")
        return alike_of(served, made, case.context)

    def draw(self, case: Case, capacity: Capacity) -> None:
        """Draw a new plan and its time, and take the hour; nothing where one stands, or none can.

        An hour that is full by now is looked for no more: the distribution is over what is left.
        """
        if case.version != capacity.version:
            self.look(case, capacity)
        alike, left, subject = case.alike, case.left, case.opened.subject
        if alike is None or left is None or alike.blocked:
            case.drawn = None
            return
        before, shape = case.drawn, alike.shape
        u, choice = (before.u, before.choice) if before else alike.draw(subject, self.key)
        key = f"{shape.unit}|{subject}|{shape.period}|send"
        due = send_time(left.allowed[alike.used(choice)], key, self.key)
        replaced = before.supersedes if before else None
        case.drawn = Drawn(shape, subject, u, choice, due, replaced)
        if self.table.limit(case.wish.purpose, case.wish.channel) is not None:
            capacity.take(case.wish.channel, due)

    def setting(self, case: Case, chance: Chance) -> Setting:
        """Everything known when the customer's slots are decided."""
        opened = case.opened
        before = opened.assigned.get(case.unit)
        lost = before is not None and not chance.stands
        return Setting(
            ask=_ask(case.wish),
            subject=opened.subject,
            context=case.context,
            at=self.at,
            holdout=self.holdout,
            source=self.source,
            key=self.key,
            degraded=False,
            benefits=case.state.benefits,
            left=opened.left,
            amounts=frozenset(fen / 100 for fen in case.state.amounts),
            blocked={SLOT: chance.blocked},
            periods={SLOT: chance.cycle},
            withdrawn={SLOT} if lost else (),
        )


def _kept(kept: Kept) -> Plan:
    """The plan that was there before."""
    return Plan(kept.ref, drawn_of(kept.decision), fresh=False)


def _ask(wish: Wish) -> Ask:
    """As a page would ask; its page is the purpose."""
    return Ask(wish.visitor_id, wish.channel, wish.purpose, (SLOT, *wish.slots), wish.context)

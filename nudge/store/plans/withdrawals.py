"""Withdrawals of plans: books of plans written anew, and the list of what must not be sent.

A withdrawal is primary: it is listed once, by the script that takes the plan out of its book, and
no fold rebuilds it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import Final, NamedTuple

import msgpack

from bandits.units import DAY
from nudge.domain.choosing.choice import StandingDecision
from nudge.domain.identity.sealing import Home
from nudge.domain.journal.records import Ref
from nudge.errors import StoreAwayError
from nudge.store.journal.journal import place_of, ref_at
from nudge.store.plans.plan_book import NO_PLANS, Plans, header_of, pack_rows
from nudge.store.plans.plans import MONTH
from nudge.store.plans.scheduler_places import Places
from nudge.store.wire.client import Arg, Client
from nudge.store.wire.keys import Keys

LISTED: Final = 92 * DAY
"""Seconds that a withdrawal stays in the list: longer than any plan reaches ahead."""
MICRO: Final = 1_000_000
TRIES: Final = 20
"""Looks at books because somebody plans meanwhile: each time somebody got on."""


class WithdrawnPlan(NamedTuple):
    """A plan that must not be sent.

    Attributes:
        ref: of its decision.
        due: seconds, when it was to be sent.
        channel: of the contact.
        purpose: of the contact.
        reason: code of the contact policy, `merged` or `erased`.
    """

    ref: Ref
    due: float
    channel: str
    purpose: str
    reason: str


class Withdrawal(NamedTuple):
    """An entry of the list of withdrawals.

    Attributes:
        at: microseconds, when it was listed; unique in its partition.
        partition: whose list it is in.
    """

    at: int
    partition: int
    plan: WithdrawnPlan


class Bookmark(NamedTuple):
    """The place in the list behind which a page begins.

    Attributes:
        at: microseconds.
        partition: entries of this moment in later partitions are still to come.
    """

    at: int
    partition: int


class BookChange(NamedTuple):
    """A change of a subject's book of plans.

    Attributes:
        home: the subject and its partition.
        seen: how many plans the book had when it was read.
        plans: that it has from now on.
        gone: that are taken out of it.
        cause: id of the event by which other plans were taken over; empty where none were.
        header: of the book that they were in.
    """

    home: Home
    seen: int
    plans: Plans
    gone: Sequence[WithdrawnPlan]
    cause: str = ""
    header: str = ""


@dataclass(frozen=True)
class Withdrawals:
    """Withdrawals of an installation's plans."""

    client: Client
    keys: Keys

    def read_books(self, partition: int, subjects: Sequence[str], at: float) -> dict[str, Plans]:
        """Read the plans of subjects; those without any are left out. `at` is now, in seconds.

        Raises:
            StoreAwayError: no answer.
        """
        found: dict[str, Plans] = {}
        now = int(at // MONTH)
        for month in (now + 1, now, now - 1, now - 2):
            key = self.keys.plans(partition, month)
            books = self.client.call("HMGET", key, *subjects)
            for subject, book in zip(subjects, books, strict=True):
                if book is not None:
                    found.setdefault(subject, Plans.of(book))
        return found

    def settle(self, change: BookChange) -> str | None:
        """Write a book anew and list what is taken out of it: all or nothing, once for a cause.

        Returns:
            The header of the book that was taken over, this time or before; None where somebody
            planned since the book was read: read it again.

        Raises:
            StoreAwayError: no answer; it may have been written.
        """
        (subject, p), plans = (change.home.subject, change.home.partition), change.plans
        place, stamp = header_of(plans)
        told = [one for plan in change.gone for one in _told(plan)]
        args: list[Arg] = [self.keys.prefix(p), subject, change.seen, f"{place.decode()} {stamp}"]
        names = [self.keys.withdrawn(p), self.keys.withdrawals(p), self.keys.moved(p, change.cause)]
        reply = self.client.run(
            "settle_plans", names, [*args, pack_rows(plans), change.header, LISTED, *told]
        )
        if reply[0] == b"again":
            return None
        return reply[1].decode() if len(reply) > 1 else change.header

    def give_back(self, root: Home, leaves: Home, subjects: Container[str], at: float) -> None:
        """Move the plans of a side that leaves into a book of its own; idempotent.

        Args:
            root: whose book they are in.
            leaves: the subject that leaves.
            subjects: of that side.
            at: seconds, now.

        Raises:
            StoreAwayError: no answer, or others plan for the two all the time; do it again.
        """
        for _ in range(TRIES):
            book = self._read_book(root, at)
            mine, rest = book.of_subjects(subjects)
            if not mine:
                return
            own = self._read_book(leaves, at)
            units = {row[0] for row in own.rows}
            rows = (*own.rows, *(row for row in mine if row[0] not in units))
            given = self.settle(BookChange(leaves, own.count, Plans(0, rows, own.gone), ()))
            if given is None:
                continue
            if self.settle(BookChange(root, book.count, Plans(0, rest, book.gone), ())) is not None:
                return
        raise StoreAwayError("too many plan for the same visitors at once; do it again")

    def _read_book(self, home: Home, at: float) -> Plans:
        return self.read_books(home.partition, [home.subject], at).get(home.subject, NO_PLANS)

    def drop_book(self, home: Home, header: str) -> None:
        """Remove a book that was taken over, unless something was planned since; idempotent.

        Raises:
            StoreAwayError: no answer.
        """
        p = home.partition
        args: list[Arg] = [self.keys.prefix(p), home.subject, f"{header} "]
        self.client.run("drop_plans", [self.keys.seq(p)], args)

    def add(self, partition: int, plans: Iterable[WithdrawnPlan]) -> None:
        """List withdrawn plans of a partition's visitors, each once.

        Raises:
            StoreAwayError: no answer; they may be listed.
        """
        told = [one for plan in plans for one in _told(plan)]
        if told:
            names = [self.keys.withdrawn(partition), self.keys.withdrawals(partition)]
            self.client.run("withdraw", names, [LISTED, *told])

    def time(self) -> int:
        """Return the store's own time in microseconds: what it lists later has no earlier one."""
        seconds, micros = self.client.call("TIME")
        return int(seconds) * MICRO + int(micros)

    def page(self, after: Bookmark, until: int, most: int) -> list[Withdrawal]:
        """Return a page of the list, in order of time.

        Args:
            after: where it begins.
            until: microseconds; entries from this moment on are left out.
            most: entries.

        Raises:
            StoreAwayError: no answer.
        """
        starts = {
            p: f"{'(' if p <= after.partition else ''}{after.at}"
            for p in self.keys.every_partition()
        }
        every = (self._part(p, start, f"({until}", most) for p, start in starts.items())
        return list(islice(merge(*every), most))

    def behind(self, places: Places, since: int, most: int) -> list[Withdrawal]:
        """Return what a scheduler has not acknowledged, in order of time.

        Each partition's list is read from its own place, so that no clock can hide an entry.

        Args:
            places: of the scheduler.
            since: microseconds; earlier entries are left out.
            most: entries.

        Raises:
            StoreAwayError: no answer.
        """
        starts = {
            p: f"({places[p]}" if places.get(p, -1) >= since else str(since)
            for p in self.keys.every_partition()
        }
        every = (self._part(p, start, "+inf", most) for p, start in starts.items())
        return list(islice(merge(*every), most))

    def _part(self, p: int, start: str, end: str, most: int) -> Iterator[Withdrawal]:
        key = self.keys.withdrawn(p)
        found = self.client.call("ZRANGEBYSCORE", key, start, end, "WITHSCORES", "LIMIT", 0, most)
        places, times = found[::2], found[1::2]
        if not places:
            return
        rows = self.client.call("HMGET", self.keys.withdrawals(p), *places)
        for place, at, row in zip(places, times, rows, strict=True):
            if row is not None:
                yield Withdrawal(int(float(at)), p, _plan_of(place, row))


def withdrawn_plan(plan: StandingDecision, reason: str) -> WithdrawnPlan:
    """Return a plan as one that must not be sent."""
    made = plan.decision
    return WithdrawnPlan(plan.ref, made.due or 0.0, made.channel, made.page, reason)


def _told(plan: WithdrawnPlan) -> tuple[str, bytes]:
    place = f"{plan.ref.partition}/{place_of(plan.ref)}"
    told: bytes = msgpack.packb((plan.due, plan.channel, plan.purpose, plan.reason))
    return place, told


def _plan_of(place: bytes, told: bytes) -> WithdrawnPlan:
    partition, _, rest = place.partition(b"/")
    return WithdrawnPlan(ref_at(int(partition), rest), *msgpack.unpackb(told))

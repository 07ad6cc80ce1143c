"""The watch over one visitor's segments: facts and time in, changes of membership out. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from nudge.domain.care.person_facts import state_with_fact
from nudge.domain.journal.records import Event
from nudge.domain.membership.member import (
    NO_MEMBER,
    Group,
    Member,
    day_before,
    member_facts,
)
from nudge.domain.membership.segment_book import SegmentBook, SegmentKey
from nudge.domain.people.parting import PARTED
from nudge.domain.people.visitor import VisitorState, with_channel


class Move(NamedTuple):
    """A visitor's coming to a segment, or leaving it.

    Attributes:
        at: seconds.
        joined: came; false: left.
    """

    key: SegmentKey
    at: float
    joined: bool


class MemberWatch:
    """The watch over one visitor while a batch is read.

    Whatever is due is done at its own time before the next entry, so batches do not matter.

    Attributes:
        member: the record as it is now.
        moves: since the watch began, in order.
    """

    def __init__(self, book: SegmentBook, rules_from: float, member: Member) -> None:
        """Begin with a record; rules that it was not judged by hold from `rules_from` on."""
        self._book, self._rules_from = book, rules_from
        self.member, self.moves = member, list[Move]()

    def advance(self, mark: float) -> None:
        """Do what is due before a moment in seconds."""
        if self.member.rules != self._book.digest and self.member != NO_MEMBER:
            self._judge(self.member.state, self._rules_from)
        while (due := self.member.due) is not None and due < mark:
            if due >= self.member.forget_at:
                self._end(due)
                self.member = NO_MEMBER
            else:
                self._judge(self.member.state, due)

    def take_fact(self, event: Event, at: float, mark: float) -> None:
        """Take a fact: it happened at `at` and is known since `mark`, both in seconds."""
        if self.member.is_gone and event.type != PARTED:
            return  # what was on its way: it is told to whom the visitor turned out to be
        before = self.member.state
        self._take_state(before, state_with_fact(before, at, event), mark)

    def take_visit(self, channel: str, mark: float) -> None:
        """Take a visit by a channel of pages at a moment in seconds."""
        if self.member.is_gone:
            return
        before = self.member.state
        if channel in before.channels:
            self._touch(mark)
            return
        self._take_state(
            before, before.having(channels=with_channel(before.channels, channel)), mark
        )

    def leave(self, mark: float) -> None:
        """End every membership: the visitor is another one from now on, or was forgotten."""
        self._end(mark)
        gone = NO_MEMBER._replace(touched=day_before(mark), is_gone=True)
        self.member = gone._replace(rules=self._book.digest)

    def _take_state(self, before: VisitorState, after: VisitorState, mark: float) -> None:
        is_new = self.member == NO_MEMBER
        self._touch(mark)
        if is_new or after != before:
            facts = member_facts(after)
            self.member = self.member._replace(facts=facts, keep=after.keep, is_gone=False)
            self._judge(after, mark)

    def _touch(self, mark: float) -> None:
        day = day_before(mark)
        if day > self.member.touched:
            self.member = self.member._replace(touched=day, rules=self._book.digest)

    def _judge(self, state: VisitorState, at: float) -> None:
        """Judge the visitor by the rules at a moment: who stays in a segment keeps its since."""
        context = {} if self.member.is_gone else self._book.attributes(state, at)
        found = {} if self.member.is_gone else self._book.groups(context, at)
        before = {one.kind: one for one in self.member.groups}
        groups = tuple(
            before[kind]
            if kind in before and before[kind].segment == name
            else Group(kind, name, at)
            for kind, name in found.items()
        )
        self.moves += _moves(self.member.groups, groups, at)
        look = self._book.next_change(context, at)
        self.member = self.member._replace(groups=groups, look=look, rules=self._book.digest)

    def _end(self, at: float) -> None:
        self.moves += _moves(self.member.groups, (), at)


def _moves(before: tuple[Group, ...], after: tuple[Group, ...], at: float) -> Iterator[Move]:
    for one in before:
        if one not in after:
            yield Move(SegmentKey(one.kind, one.segment), at, joined=False)
    for one in after:
        if one not in before:
            yield Move(SegmentKey(one.kind, one.segment), at, joined=True)

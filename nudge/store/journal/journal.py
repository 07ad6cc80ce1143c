"""The partitioned log: append decisions, events and marks; read entries in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from bandits.units import DAY
from nudge.domain.choosing.choice import StandingDecision
from nudge.domain.choosing.standing_offers import NewOffer, pack_offer, unpack_offer
from nudge.domain.journal.event import VIA
from nudge.domain.journal.records import Decision, Event, JournalEntry, Mark, Record, Ref
from nudge.store.journal.appends import (
    Append,
    AppendedDecision,
    DecisionBatch,
    DecisionToLog,
    LoggedDecision,
    LostDecision,
    Note,
    Redirect,
    TrimLimits,
    TrimReply,
    VaultEntry,
)
from nudge.store.journal.digests import digest_of, earlier_digest_of
from nudge.store.wire.block_codec import decode_block, is_block
from nudge.store.wire.client import Arg, Client, Reply, pairs_of
from nudge.store.wire.codec import decode, encode
from nudge.store.wire.keys import Keys

EVENT_MEMORY = 7.0 * DAY
"""Seconds that an event id is remembered with its visitor."""
PAGE: Final = 4
"""Records that are read in the first go: a block is as many entries as a batch wants, and what
is read beyond the batch is read again."""
BY_PAGE: Final = 3
"""The script's word for decisions that pages asked for, and that waited in the spool."""
HELD: Final = "?"
"""Before the field of a stock whose unit comes back unless the decision is shown."""
ASKED: Final = "?"
"""The script's word for an id that the version before took, perhaps of another event."""
LOST: Final = 2
"""The script's word for a decision that would contradict an offer; for what stands it is less."""
SUBJECT: Final = 16
"""Bytes of each of a block's subjects."""
PAGE_MOST: Final = 1024
"""Records that are read in one go later: 18 MB where all of them are blocks."""


@dataclass(frozen=True)
class Journal:
    """The journal: records are appended once and read in order."""

    client: Client
    keys: Keys

    def append_decisions(
        self, partition: int, decisions: Sequence[Decision], keep_for: float
    ) -> list[StandingDecision]:
        """Append a subject's decisions; the first writer in a period wins and stands.

        Args:
            partition: of the subject.
            decisions: all of one subject. One whose `unit` is empty is not remembered.
            keep_for: seconds that the assignments are kept.

        Returns:
            For each decision the one that stands, in order.
        """
        made = self.append_taking(partition, list(map(LoggedDecision, decisions)), keep_for)
        return [one for one in made if isinstance(one, StandingDecision)]

    def append_taking(
        self,
        partition: int,
        decisions: Sequence[DecisionToLog],
        keep_for: float,
        *,
        by_page: bool = False,
    ) -> list[AppendedDecision]:
        """Append decisions that may take of a limited stock, or make offers; first writer wins.

        Args:
            partition: of the subject.
            decisions: all of one subject.
            keep_for: seconds that the assignments are kept.
            by_page: a page asked: see `DecisionBatch`.

        Returns:
            For each decision the one that stands, or why none does, in order.
        """
        batch = DecisionBatch(partition, decisions, keep_for, by_page)
        return _made(batch, self.client.run("append_decisions", *_call(self.keys, batch)))

    def append_each(self, batches: Sequence[DecisionBatch]) -> list[list[AppendedDecision]]:
        """Append decisions of many subjects, in one round trip where there is one server."""
        replies = self.client.run_each(
            "append_decisions", [_call(self.keys, one) for one in batches]
        )
        return [_made(one, reply) for one, reply in zip(batches, replies, strict=True)]

    def append_once(
        self,
        partition: int,
        arrivals: Sequence[Append],
        *,
        closes: bool,
        names: bool = False,
        lasting: bool = True,
    ) -> list[int | Redirect]:
        """Append records of one partition, each once; idempotent for 7 days.

        Args:
            partition: in which all the visitors are at home.
            arrivals: the records.
            closes: their visitors cannot be claimed by a device any more: servers spoke of them.
            names: the server says who they are: what devices claimed before ends.
            lasting: what closes is a server's word, which makes the vault keep them for good.

        Returns:
            For each record its position, 0 for a duplicate, or where its visitor's journal is.
        """
        word = int(closes) + int(names)
        fixed = self._arguments(partition, word if lasting else BY_PAGE * closes)
        args = list(fixed)
        for arrival in arrivals:
            args += _of_arrival(arrival, earlier_digest_of(arrival.record))
        keys = [self.keys.journal(partition), self.keys.seq(partition)]
        replies = self.client.run("append_once", keys, args)
        return [
            reply if isinstance(reply, int) else self._settled(partition, arrival, reply, fixed)
            for arrival, reply in zip(arrivals, replies, strict=True)
        ]

    def _arguments(self, partition: int, word: int) -> list[Arg]:
        memory = int(EVENT_MEMORY * 1000)
        return [self.keys.prefix(partition), partition, word, memory]

    def _settled(
        self, partition: int, arrival: Append, reply: bytes, fixed: Sequence[Arg]
    ) -> int | Redirect:
        """Return what became of a record that was not appended at once."""
        first, *rest = reply.decode().split(" ")
        if first != ASKED:
            return Redirect(int(first), *rest)
        stamp, subject = rest
        if self.holds(partition, subject, int(stamp), arrival.record):
            return 0
        args = [*fixed, *_of_arrival(arrival, b"")]
        names = [self.keys.journal(partition), self.keys.seq(partition)]
        (again,) = self.client.run("append_once", names, args)
        if isinstance(again, int):
            return again
        return self._settled(partition, arrival, again, fixed)

    def holds(self, partition: int, subject: str, stamp: int, record: Record) -> bool:
        """Return whether the event that was appended at a time is this one, sent again.

        The version before remembered an id without the event's type and sender, which the journal
        knows. An event that has left the journal is taken for this one.

        Args:
            partition: of the journal.
            subject: of the event.
            stamp: milliseconds.
            record: the event that came now.
        """
        if not isinstance(record, Event):
            return True
        found = [
            entry.record
            for entry in self._stamped(partition, stamp)
            if isinstance(entry.record, Event)
            and (entry.record.subject, entry.record.event_id) == (subject, record.event_id)
        ]
        same = ((one.type, one.source) == (record.type, record.source) for one in found)
        return not found or any(same)

    def _stamped(self, partition: int, stamp: int) -> Iterator[JournalEntry]:
        """Yield the entries with one stamp: stamps rise with positions."""
        low, high = 0, self.last_position(partition)
        while low < high:
            middle = (low + high) // 2
            page = self._rows(partition, f"({middle}-0", "+", 1)
            if page and int(pairs_of(page[0][1])[b"t"]) < stamp:
                low = _position(page[0][0])
            else:
                high = middle
        while found := self.read(partition, low, PAGE):
            for entry in found:
                if round(entry.stamp * 1000) != stamp:
                    return
                yield entry
            low = found[-1].position

    def append_followed(
        self,
        arrivals: Mapping[int, Sequence[Append]],
        *,
        closes: bool,
        names: bool = False,
        lasting: bool = True,
        note: Note = lambda _: None,
    ) -> int:
        """Append records of several partitions, each once, and follow merged visitors.

        Args:
            arrivals: partition -> records of visitors that are at home there.
            closes: their visitors cannot be claimed by a device any more: servers spoke of them.
            names: the server says who they are: what devices claimed before ends.
            lasting: see `append_once`.
            note: called with each record that was new.

        Returns:
            How many were new.
        """
        fresh = 0
        moved: dict[int, list[Append]] = {}
        origins: dict[int, Append] = {}
        for partition, group in arrivals.items():
            replies = self.append_once(
                partition, group, closes=closes, names=names, lasting=lasting
            )
            for arrival, reply in zip(group, replies, strict=True):
                if isinstance(reply, Redirect):
                    record = _led(arrival.record, reply)
                    # Whose visitor it was before is whose it is now.
                    homes = reply.subject if reply.mine == "1" else arrival.homes
                    there = Append("", record, notes=arrival.notes, homes=homes)
                    origins[id(there)] = arrival
                    moved.setdefault(reply.partition, []).append(there)
                elif reply > 0:
                    fresh += 1
                    note(arrival)
        if not moved:
            return fresh
        return fresh + self.append_followed(
            moved, closes=closes, lasting=lasting, note=lambda one: note(origins[id(one)])
        )

    def send(self, events: Sequence[tuple[int, Event]]) -> None:
        """Append a fold's events to other partitions; idempotent."""
        groups: dict[int, list[Append]] = {}
        for partition, event in events:
            groups.setdefault(partition, []).append(Append("", event))
        self.append_followed(groups, closes=False)

    def note(self, partition: int, subject: str, notes: Sequence[VaultEntry]) -> None:
        """Write into a subject's books what a server knows, within their bounds; idempotent."""
        args = [*self._arguments(partition, 1), "", subject, "", "", "", "", subject, len(notes)]
        names = [self.keys.journal(partition), self.keys.seq(partition)]
        self.client.run("append_once", names, [*args, *_flat(notes)])

    def append_mark(self, partition: int, mark: Mark) -> int:
        """Append a mark and return its position."""
        names = [self.keys.journal(partition), self.keys.seq(partition)]
        return int(self.client.run("append", names, [mark.subject, encode(mark)])[0])

    def read(self, partition: int, after: int, count: int) -> list[JournalEntry]:
        """Read entries behind position `after`, in order: whole records, until there are `count`.

        A record of many decisions (`block.Block`) is as many entries, so that there may be more.
        """
        found: list[JournalEntry] = []
        rows, wanted = PAGE, count
        while wanted > 0:
            some = min(rows, wanted)
            page = self._rows(partition, f"({after}-0", "+", some)
            for row_id, row in page:
                found += _entries(partition, row_id, row)
                if len(found) >= count:
                    return found
            if len(page) < some:
                return found
            after, rows, wanted = (
                _position(page[-1][0]),
                min(4 * rows, PAGE_MOST),
                count - len(found),
            )
        return found

    def reach(self, partition: int, after: int, most: int) -> int:
        """Return the position `most` entries behind `after`, or the last one where there are fewer.

        Whole records, so that it may be a block's more.
        """
        rows = PAGE
        while most > 0:
            some = min(rows, most)
            page = self._rows(partition, f"({after}-0", "+", some)
            for row_id, row in page:
                after, most = _position(row_id), most - _length(row)
                if most <= 0:
                    return after
            if len(page) < some:
                return after
            rows = min(4 * rows, PAGE_MOST)
        return after

    def read_one(self, ref: Ref) -> JournalEntry | None:
        """Read the entry at a reference; None where the journal does not hold it (any more)."""
        if ref.partition >= self.keys.partitions:
            return None
        at = f"{ref.position}-0"
        page = self._rows(ref.partition, at, at, 1)
        found = [entry for row_id, row in page for entry in _entries(ref.partition, row_id, row)]
        return next((entry for entry in found if entry.index == ref.index), None)

    def end_before(self, partition: int, position: int) -> int:
        """Return the last position at or before one that the store still holds; 0 without any."""
        key = self.keys.journal(partition)
        found = self.client.call("XREVRANGE", key, f"{position}-0", "-", "COUNT", 1)
        return _position(found[0][0]) if found else 0

    def drop(self, partition: int, upto: int) -> None:
        """Remove all records up to a position; idempotent."""
        self.client.call("XTRIM", self.keys.journal(partition), "MINID", f"{upto + 1}-0")

    def trim(self, partition: int, limits: TrimLimits, most: int) -> TrimReply:
        """Remove at most `most` of the oldest entries, within limits."""
        args: list[Arg] = [limits.bound, round(limits.seconds * 1000), limits.bytes, most]
        removed, young, more = self.client.run("trim", [self.keys.journal(partition)], args)
        return TrimReply(removed, young, more == b"1")

    def jump(self, partition: int, position: int) -> int:
        """Raise the last position given to at least this one, and return it; idempotent."""
        return int(self.client.run("jump", [self.keys.seq(partition)], [position]))

    def restore_end(self, partition: int, last: int) -> None:
        """Set the last position given, as a backup has it; the partition is empty."""
        self.client.call("SET", self.keys.seq(partition), last)

    def restore_row(self, partition: int, row_id: bytes, row: Sequence[bytes]) -> None:
        """Append one row of a backup under its own id; rows come in order."""
        self.client.call("XADD", self.keys.journal(partition), row_id, *row)

    def last_position(self, partition: int) -> int:
        """Return the last position given in a partition; 0 for an empty one."""
        return int(self.client.call("GET", self.keys.seq(partition)) or 0)

    def last_positions(self, partitions: Sequence[int]) -> dict[int, int]:
        """Return the last position given in each of several partitions, in one round trip."""
        found = self.client.call_each([("GET", self.keys.seq(p)) for p in partitions])
        return {p: int(last or 0) for p, last in zip(partitions, found, strict=True)}

    def _rows(self, partition: int, start: str, end: str, count: int) -> list[tuple[bytes, Reply]]:
        rows: list[tuple[bytes, Reply]] = self.client.call(
            "XRANGE", self.keys.journal(partition), start, end, "COUNT", count
        )
        return rows


def _call(keys: Keys, batch: DecisionBatch) -> tuple[list[str], list[Arg]]:
    p, subject = batch.partition, batch.decisions[0].decision.subject
    args: list[Arg] = [subject, max(1, int(batch.keep_for))]
    for one in batch.decisions:
        d, takes, offer = one.decision, one.takes, one.offer
        superseded = place_of(d.supersedes) if d.supersedes else ""
        # Where the decision is the exposure, pages need not say that it was shown.
        held = HELD if takes and batch.by_page and d.terms.on == "shown" else ""
        args += [d.unit, d.period, superseded, encode(d), held + takes]
        args.append(pack_offer(offer) if offer else "")
    names = [keys.journal(p), keys.seq(p), keys.assigned(p, subject), keys.quota(p)]
    return names, args


def _made(batch: DecisionBatch, replies: Reply) -> list[AppendedDecision]:
    p = batch.partition
    return [
        _standing(p, sent.decision, reply) if reply and reply[0] < LOST else _lost(sent, reply)
        for sent, reply in zip(batch.decisions, replies, strict=True)
    ]


def _lost(sent: DecisionToLog, reply: list[Any] | None) -> LostDecision:
    """Return why a decision does not stand: an offer that was there, or a stock without a unit."""
    if not reply or sent.offer is None:
        return LostDecision(takes=sent.takes)
    return LostDecision(offer=NewOffer(sent.offer.group, unpack_offer(reply[1])))


def _standing(partition: int, sent: Decision, reply: list[Any]) -> StandingDecision:
    """The decision that stands: the one that was sent, or an earlier one with its payload."""
    fresh, place, stamp, *earlier = reply
    ref = ref_at(partition, place)
    if fresh:
        return StandingDecision(sent.ref or ref, sent, sent.period, fresh=True)
    return standing_decision(ref, sent.subject, stamp / 1000, *earlier, fresh=False)


def place_of(ref: Ref) -> str:
    """Return the place of a decision in its partition for scripts: `<position>[.<index>]`."""
    return f"{ref.position}.{ref.index}" if ref.index else str(ref.position)


def ref_at(partition: int, place: bytes) -> Ref:
    """Return the reference of a place."""
    position, _, index = place.partition(b".")
    return Ref(partition, int(position), int(index or 0))


def standing_decision(
    ref: Ref, subject: str, stamp: float, payload: bytes, *, fresh: bool
) -> StandingDecision:
    """Return the decision that stands at a place, from its payload."""
    record = decode(payload, subject)
    if not isinstance(record, Decision):
        raise TypeError(f"{ref} holds a {record.kind}")
    entry = JournalEntry(ref.partition, ref.position, stamp, record, ref.index)
    return StandingDecision(entry.ref, record, record.period, fresh)


def _of_arrival(arrival: Append, earlier: bytes) -> list[Arg]:
    record, notes = arrival.record, arrival.notes
    named: list[Arg] = [arrival.visitor_hash, record.subject, arrival.of, digest_of(record)]
    return [*named, earlier, encode(record), arrival.homes, len(notes), *_flat(notes)]


def _flat(notes: Sequence[VaultEntry]) -> list[Arg]:
    return [part for note in notes for part in (note.family, note.field, note.value)]


def _led(record: Event | Decision, to: Redirect) -> Event | Decision:
    """Return the record of the visitor whom another turned out to be; an event says of whom."""
    if isinstance(record, Event):
        fields = {VIA: to.via} | dict(record.fields)
        return replace(record, subject=to.subject, fields=fields)
    return replace(record, subject=to.subject)


def _position(row_id: bytes) -> int:
    return int(row_id.split(b"-")[0])


def _length(row: dict[bytes, bytes] | list[bytes]) -> int:
    named = pairs_of(row)
    return len(named[b"s"]) // SUBJECT if is_block(named[b"r"]) else 1


def _entries(
    partition: int, row_id: bytes, row: dict[bytes, bytes] | list[bytes]
) -> Sequence[JournalEntry]:
    named = pairs_of(row)
    payload, place = named[b"r"], _position(row_id)
    stamp = int(named[b"t"]) / 1000
    if not is_block(payload):
        return (JournalEntry(partition, place, stamp, decode(payload, named[b"s"].decode())),)
    return [
        JournalEntry(partition, place, stamp, decision, index)
        for index, decision in enumerate(decode_block(payload, named[b"s"]))
    ]

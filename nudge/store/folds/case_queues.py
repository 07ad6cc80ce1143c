"""Queues of cases in the store, read: their sizes, and the cases that are due first."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import merge, nsmallest
from itertools import islice
from typing import Final, NamedTuple

from nudge.domain.journal.fold_name import FoldName
from nudge.domain.worklist.case_queue import CaseQueue, parse_queue
from nudge.store.folds.folds import GENERATION
from nudge.store.wire.client import Client, member_scores
from nudge.store.wire.keys import Keys

_LEAST: Final = 3
"""Cases that are read of a queue at first, at least."""
_SLACK: Final = 0.001
"""Seconds by which a bound is passed, for sums of floats that were rounded."""
_COUNTED: Final = 2_000
"""Queues that are counted, or read by one script, at a time."""


class DuePlace(NamedTuple):
    """The place of a case in a work list: what is due first comes first.

    Attributes:
        due: seconds.
        id: of the case.
    """

    due: float
    id: str


@dataclass(frozen=True)
class DueQuestion:
    """A question for the cases of queues, in the order in which they are due.

    Attributes:
        owners: whose queues are asked for.
        wants: whether a queue of theirs is.
        span: seconds from the opening of a queue's cases until they are due.
        after: the place behind which the page begins; None for the first page.
        before: seconds; only cases that are due before.
        most: how many.
    """

    owners: frozenset[str]
    wants: Callable[[CaseQueue], bool]
    span: Callable[[CaseQueue], float]
    after: DuePlace | None = None
    before: float = math.inf
    most: int = 100


_Owned = Mapping[str, Sequence[CaseQueue]]
"""Owner -> the queues that ever had a case."""


class _Stream(NamedTuple):
    """A queue of a partition, as it is read for a question."""

    key: str
    span: float
    low: str
    high: str


_Head = tuple[_Stream, Sequence[tuple[bytes, float]]]
"""A queue with its first cases."""


@dataclass(frozen=True)
class CaseQueues:
    """The queues of an installation's cases; `CaseStore.put` writes them."""

    client: Client
    keys: Keys
    _known: dict[str, tuple[int, _Owned]] = field(default_factory=dict)

    def count(self) -> dict[CaseQueue, int]:
        """Count the cases of each queue, over all partitions; queues without cases are missing.

        Raises:
            StoreAwayError: no answer.
        """
        pairs = [
            (queue, self.keys.case_queue(p, queue.text, generation))
            for p, generation, owned in self._listed()
            for queues in owned.values()
            for queue in queues
        ]
        found: Counter[CaseQueue] = Counter()
        for start in range(0, len(pairs), _COUNTED):
            some = pairs[start : start + _COUNTED]
            sizes = self.client.call_each([("ZCARD", key) for _, key in some])
            for (queue, _), size in zip(some, sizes, strict=True):
                found[queue] += int(size)
        return {queue: size for queue, size in found.items() if size}

    def count_between(self, spans: Sequence[tuple[CaseQueue, float, float]]) -> list[int]:
        """Count cases of queues that were opened in spans, over all partitions.

        Args:
            spans: queue, first second, and the first second behind the span.

        Raises:
            StoreAwayError: no answer.
        """
        generations = self._generations()
        commands = [
            ("ZCOUNT", self.keys.case_queue(p, queue.text, generation), repr(low), f"({high!r}")
            for queue, low, high in spans
            for p, generation in generations.items()
        ]
        sizes = [int(one) for one in self.client.call_each(commands)] if commands else []
        width = len(generations)
        return [sum(sizes[i * width : (i + 1) * width]) for i in range(len(spans))]

    def times_between(
        self, spans: Sequence[tuple[CaseQueue, float, float]], most: int
    ) -> list[list[float]]:
        """List the openings of cases in spans, over all partitions.

        Args:
            spans: queue, first second, and the first second behind the span.
            most: of one queue and partition.

        Raises:
            StoreAwayError: no answer.
        """
        if not spans:
            return []
        generations = self._generations()
        window = ("WITHSCORES", "LIMIT", 0, most)
        commands = [
            (
                *("ZRANGEBYSCORE", self.keys.case_queue(p, queue.text, generation)),
                *(repr(low), f"({high!r}", *window),
            )
            for queue, low, high in spans
            for p, generation in generations.items()
        ]
        replies = [member_scores(one) for one in self.client.call_each(commands)]
        width = len(generations)
        parts = [replies[i * width : (i + 1) * width] for i in range(len(spans))]
        return [[at for reply in part for _, at in reply] for part in parts]

    def oldest(self, queues: Sequence[CaseQueue]) -> list[float | None]:
        """Return the second of the oldest opening in each queue; None where it has no case.

        Raises:
            StoreAwayError: no answer.
        """
        generations = self._generations()
        commands = [
            ("ZRANGE", self.keys.case_queue(p, queue.text, generation), 0, 0, "WITHSCORES")
            for queue in queues
            for p, generation in generations.items()
        ]
        replies = self.client.call_each(commands) if commands else []
        firsts = [[at for _, at in member_scores(reply)] for reply in replies]
        width = len(generations)
        groups = [firsts[i * width : (i + 1) * width] for i in range(len(queues))]
        return [min((at for one in group for at in one), default=None) for group in groups]

    def first_due(self, question: DueQuestion) -> list[DuePlace]:
        """List the cases that are due first, of all partitions.

        Args:
            question: which queues, and which part of them.

        Raises:
            StoreAwayError: no answer.
        """
        found = [*self._streams(question)]
        if not found:
            return []
        size = max(_LEAST, math.ceil(2 * question.most / sum(len(each) for each in found)))
        heads = [
            (stream, head)
            for streams in found
            for stream, head in zip(streams, self._heads(streams, size), strict=True)
            if head
        ]
        places = [
            self._places(stream, head, size, question) for stream, head in _first(heads, question)
        ]
        return list(islice(merge(*places), question.most))

    def _streams(self, question: DueQuestion) -> Iterator[list[_Stream]]:
        """Yield the queues that a question asks for, those of one partition together."""
        for p, generation, owned in self._listed():
            streams = [
                _stream(self.keys.case_queue(p, queue.text, generation), question, queue)
                for owner in question.owners
                for queue in owned.get(owner, ())
                if question.wants(queue)
            ]
            yield from ([streams] if streams else [])

    def _heads(
        self, streams: Sequence[_Stream], size: int
    ) -> Iterator[Sequence[tuple[bytes, float]]]:
        """Yield the first cases of each queue of a partition."""
        for start in range(0, len(streams), _COUNTED):
            some = streams[start : start + _COUNTED]
            bounds = [bound for one in some for bound in (one.low, one.high)]
            replies = self.client.run("first_due", [one.key for one in some], [size, *bounds])
            yield from map(member_scores, replies)

    def _places(
        self,
        stream: _Stream,
        head: Sequence[tuple[bytes, float]],
        size: int,
        question: DueQuestion,
    ) -> Iterator[DuePlace]:
        """Yield the places of one queue; more of it is read only where they are asked for."""
        rows, read, asked = head, len(head), size
        while rows:
            for name, opened in rows:
                place = DuePlace(opened + stream.span, name.decode())
                if question.after is None or place > question.after:
                    yield place
            if len(rows) < asked:
                return
            asked = max(question.most, size)
            rows = member_scores(self.client.call(*_command(stream, read, asked)))
            read += len(rows)

    def _listed(self) -> Iterator[tuple[int, int, _Owned]]:
        """Yield each partition with its generation and the queues that ever had a case.

        A set of names only grows: one of the same size is the one that was read before.
        """
        generations = self._generations()
        names = {p: self.keys.case_queues(p, g) for p, g in generations.items()}
        sizes = self.client.call_each([("SCARD", name) for name in names.values()])
        for (p, name), size in zip(names.items(), sizes, strict=True):
            if self._known.get(name, (-1, {}))[0] != size:
                self._known[name] = size, _by_owner(self.client.call("SMEMBERS", name))
            yield p, generations[p], self._known[name][1]

    def _generations(self) -> Mapping[int, int]:
        every = list(self.keys.every_partition())
        commands = [("HGET", self.keys.fold(p, FoldName.CARE), GENERATION) for p in every]
        replies = self.client.call_each(commands)
        return {p: int(reply or 0) for p, reply in zip(every, replies, strict=True)}


def _first(heads: Sequence[_Head], question: DueQuestion) -> list[_Head]:
    """Return the queues that may have a case of the page, by the first case of each.

    A queue that begins behind as many others as the page has rows has none. One that begins before
    the page may have many.
    """
    firsts = [
        (DuePlace(head[0][1] + stream.span, head[0][0].decode()), place)
        for place, (stream, head) in enumerate(heads)
    ]
    after = question.after
    before = [one for one in firsts if after is not None and one[0] <= after]
    inside = [one for one in firsts if after is None or one[0] > after]
    return [heads[place] for _, place in (*before, *nsmallest(question.most, inside))]


def _by_owner(names: Iterable[bytes]) -> _Owned:
    found: dict[str, list[CaseQueue]] = defaultdict(list)
    for name in names:
        queue = parse_queue(name.decode())
        found[queue.owner].append(queue)
    return found


def _stream(key: str, question: DueQuestion, queue: CaseQueue) -> _Stream:
    span, after = question.span(queue), question.after
    low = "-inf" if after is None else repr(after.due - span - _SLACK)
    high = "+inf" if math.isinf(question.before) else f"({question.before - span!r}"
    return _Stream(key, span, low, high)


def _command(stream: _Stream, skip: int, most: int) -> tuple[str | int, ...]:
    window = ("WITHSCORES", "LIMIT", skip, most)
    return ("ZRANGEBYSCORE", stream.key, stream.low, stream.high, *window)

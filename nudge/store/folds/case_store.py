"""Cases in the store: the current form of each, and lists of each kind by their opening."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from bandits.units import DAY
from nudge.domain.care.case import (
    KEEP,
    Case,
    CaseState,
    CaseStep,
    decode_case,
    encode_case,
    partition_of,
    step_record,
)
from nudge.domain.care.warning_rule import CaseKind
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.worklist.case_queue import closed_at, parse_queue, queues_of
from nudge.store.folds.folds import GENERATION, Folds, FoldWrite
from nudge.store.wire.client import Arg, Call, Client, member_scores
from nudge.store.wire.codec import encode
from nudge.store.wire.keys import Keys

ACTING: Final = 3_600_000
"""Milliseconds for which an action that the fold has not read yet is known."""


PAGE: Final = 500


class CasePlace(NamedTuple):
    """The place of a case in a list: the latest opening comes first.

    Attributes:
        opened: seconds.
        id: of the case.
    """

    opened: float
    id: str


class PendingSteps(NamedTuple):
    """The steps on a case of the last hour, those among them that the fold has not read yet.

    Attributes:
        revision: of the case with all of them; 0 where nobody acted.
        last: id of the last action.
    """

    revision: int
    last: str


class CaseAct(NamedTuple):
    """A step that somebody takes on a case.

    Attributes:
        case: as it was read, with the steps before this one.
        step: of a person.
        note: name and sealed text, for the vault.
    """

    case: Case
    step: CaseStep
    note: tuple[str, bytes] | None = None


class CaseListing(NamedTuple):
    """The listing of a case: seconds of its opening in each list; None where it is not listed.

    Attributes:
        every: in the list of all cases of its kind.
        unclosed: in the list of those that are not closed.
    """

    every: float | None
    unclosed: float | None


@dataclass(frozen=True)
class CaseStore:
    """The cases of an installation.

    `put`, `drop` and `forget` are the one writer: the fold and a rebuild both commit what they
    give. What people do is appended by `act`, and reaches the case by the fold.
    """

    client: Client
    keys: Keys

    def read(self, name: str) -> Case | None:
        """Read one case; None where there is none of that id."""
        p = partition_of(name)
        if p is None or p >= self.keys.partitions:
            return None
        return self.read_each(p, [name], self.generation(p)).get(name)

    def read_each(
        self, partition: int, names: Sequence[str], generation: int = 0
    ) -> dict[str, Case]:
        """Read cases of a partition by id; those that are not there are missing."""
        keys = [self.keys.case(partition, name, generation) for name in names]
        blobs = self.client.call("MGET", *keys) if keys else []
        return {
            name: decode_case(blob)
            for name, blob in zip(names, blobs, strict=True)
            if blob is not None
        }

    def read_many(
        self, names: Iterable[str], generations: Mapping[int, int] | None = None
    ) -> dict[str, Case]:
        """Read cases of any partitions by id, in this order; those that are gone are missing.

        Args:
            names: of cases.
            generations: partition -> generation; asked for where it is left out.
        """
        listed = list(names)
        groups: dict[int, list[str]] = defaultdict(list)
        for name in listed:
            p = partition_of(name)
            if p is not None and p < self.keys.partitions:
                groups[p].append(name)
        if generations is None:
            generations = self.generations()
        commands = [
            ("MGET", *(self.keys.case(p, name, generations[p]) for name in mine))
            for p, mine in groups.items()
        ]
        blobs = [one for reply in self.client.call_each(commands) for one in reply]
        names_read = [name for mine in groups.values() for name in mine]
        found = dict(zip(names_read, blobs, strict=True))
        return {name: decode_case(found[name]) for name in listed if found.get(name) is not None}

    def generations(self) -> dict[int, int]:
        """Return the generation of each partition's cases that counts."""
        every = list(self.keys.every_partition())
        commands = [("HGET", self.keys.fold(p, FoldName.CARE), GENERATION) for p in every]
        replies = self.client.call_each(commands)
        return {p: int(reply or 0) for p, reply in zip(every, replies, strict=True)}

    def generation(self, partition: int) -> int:
        """Return the generation of a partition's cases that counts."""
        return Folds(self.client, self.keys).generation_of(partition, FoldName.CARE)

    def places(
        self,
        partition: int,
        before: CasePlace | None,
        most: int,
        *,
        kind: str = CaseKind.WARNING,
        closed: bool = True,
        generation: int | None = None,
    ) -> list[CasePlace]:
        """List the places of a partition's cases of a kind behind one, the latest opening first.

        Args:
            partition: of the journal.
            before: the place behind which to begin; None for the first.
            most: how many.
            kind: of a `CaseKind`.
            closed: closed ones as well.
            generation: of the cases; asked for where it is left out.
        """
        if generation is None:
            generation = self.generation(partition)
        name = self.keys.case_times if closed else self.keys.cases_open
        upper = "+inf" if before is None else repr(before.opened)
        key, found, skip = name(partition, generation, kind), list[CasePlace](), 0
        # Cases of one moment are told apart by their ids: the page may begin among them.
        while len(found) < most:
            window = ("WITHSCORES", "LIMIT", skip, most)
            rows = member_scores(self.client.call("ZREVRANGEBYSCORE", key, upper, "-inf", *window))
            places = [CasePlace(score, one.decode()) for one, score in rows]
            found += [one for one in places if before is None or one < before]
            skip += len(rows)
            if len(rows) < most:
                break
        return found[:most]

    def names(self, partition: int, generation: int = 0) -> Iterator[str]:
        """Iterate over the ids of a partition's cases, listed or not, in any order."""
        start = self.keys.case(partition, "", generation)
        return (key.removeprefix(start) for key in self.client.scan(f"{start}*"))

    def listings(
        self, partition: int, cases: Mapping[str, Case], generation: int = 0
    ) -> dict[str, CaseListing]:
        """Read by which times cases, by their ids, are listed, each in the lists of its kind."""
        commands = [
            ("ZSCORE", key(partition, generation, case.kind), name)
            for name, case in cases.items()
            for key in (self.keys.case_times, self.keys.cases_open)
        ]
        times = self.client.call_each(commands) if commands else []
        found = [None if one is None else float(one) for one in times]
        return {name: CaseListing(*found[2 * n : 2 * n + 2]) for n, name in enumerate(cases)}

    def unqueued(self, partition: int, cases: Iterable[Case], generation: int = 0) -> set[str]:
        """Return the ids of cases that lack in one of their queues, or stand at another time.

        Args:
            partition: of the journal.
            cases: as the store has them.
            generation: of the fold's state.
        """
        start = self.keys.case_queue(partition, "", generation)
        wanted = [
            (case.id, start + queue, case.opened if parse_queue(queue).is_open else closed_at(case))
            for case in cases
            for queue in queues_of(case, case.state)
        ]
        commands = [("ZSCORE", key, name) for name, key, _ in wanted]
        scores = self.client.call_each(commands) if commands else []
        return {
            name
            for (name, _, at), score in zip(wanted, scores, strict=True)
            if score is None or float(score) != at
        }

    def oldest_open(self, partition: int, generation: int = 0) -> list[float]:
        """Return the second of the oldest warning that is not closed; nothing where none is."""
        key = self.keys.cases_open(partition, generation)
        return [at for _, at in member_scores(self.client.call("ZRANGE", key, 0, 0, "WITHSCORES"))]

    def opened_before(
        self, partition: int, until: float, kind: str = CaseKind.WARNING
    ) -> Iterator[Case]:
        """Iterate over the cases of a kind that were opened before a time, in seconds."""
        place: CasePlace | None = CasePlace(until, "")
        while place is not None:
            places = self.places(partition, place, PAGE, kind=kind)
            yield from self.read_many(one.id for one in places).values()
            place = places[-1] if len(places) == PAGE else None

    def put(
        self, partition: int, before: Case | None, case: Case, generation: int = 0
    ) -> Iterator[FoldWrite]:
        """Yield the writes of one case; see `put_each`."""
        yield from self.put_each(partition, [(before, case)], generation)

    def put_each(
        self,
        partition: int,
        changes: Iterable[tuple[Case | None, Case]],
        generation: int = 0,
    ) -> Iterator[FoldWrite]:
        """Yield the writes of cases, and of their places in lists and queues.

        Args:
            partition: of the journal.
            changes: each case as it was, and as it is; None for a new one, which is listed nowhere.
            generation: of the fold's state.
        """
        start, names = self.keys.case_queue(partition, "", generation), set[str]()
        for before, case in changes:
            state = case.state
            is_open = state is not CaseState.CLOSED
            yield from self._listed(partition, before, case, generation, is_open=is_open)
            was, now = queues_of(before, before.state) if before else (), queues_of(case, state)
            if was == now:
                continue
            place = (repr(case.opened if is_open else closed_at(case)), case.id)
            for queue in was:
                if queue not in now:
                    yield FoldWrite("ZREM", start + queue, (case.id,))
            for queue in now:
                if queue not in was:
                    yield FoldWrite("ZADD", start + queue, place)
            names.update(now)
        if names:
            key = self.keys.case_queues(partition, generation)
            yield FoldWrite("SADD", key, tuple(sorted(names)))

    def _listed(
        self, partition: int, before: Case | None, case: Case, generation: int, *, is_open: bool
    ) -> Iterator[FoldWrite]:
        """Yield the writes of a case and of its places in the lists of its kind."""
        yield FoldWrite("SET", self.keys.case(partition, case.id, generation), (encode_case(case),))
        place = (repr(case.opened), case.id)
        if before is None:
            yield FoldWrite("ZADD", self.keys.case_times(partition, generation, case.kind), place)
        was_open = before is not None and before.state is not CaseState.CLOSED
        if was_open != is_open:
            key = self.keys.cases_open(partition, generation, case.kind)
            yield FoldWrite("ZADD", key, place) if is_open else FoldWrite("ZREM", key, (case.id,))

    def drop(
        self, partition: int, names: Sequence[str], known: Mapping[str, Case], generation: int = 0
    ) -> Iterator[FoldWrite]:
        """Yield the writes that forget cases.

        Args:
            partition: of the journal.
            names: of the cases.
            known: those of them that there are, as the store has them.
            generation: of the fold's state.
        """
        for name in names:
            yield FoldWrite("DEL", self.keys.case(partition, name, generation))
            case = known.get(name)
            for kind in (case.kind,) if case else CaseKind:
                for key in (self.keys.case_times, self.keys.cases_open):
                    yield FoldWrite("ZREM", key(partition, generation, kind), (name,))
            for queue in queues_of(case, case.state) if case else ():
                yield FoldWrite("ZREM", self.keys.case_queue(partition, queue, generation), (name,))

    def old(self, partition: int, mark: float, generation: int = 0) -> list[str]:
        """List the ids of cases that were opened too long before a watermark to be kept."""
        until = (mark // DAY - KEEP) * DAY
        keys = [self.keys.case_times(partition, generation, kind) for kind in CaseKind]
        found = self.client.call_each([("ZRANGEBYSCORE", key, "-inf", until) for key in keys])
        return [one.decode() for names in found for one in names]

    def pending(self, case: Case) -> PendingSteps:
        """Return what people did about a case, read by the fold or not."""
        found = self.client.call("GET", self.keys.acting(case.partition, case.id))
        steps, _, last = (found or b"").decode().partition(" ")
        return PendingSteps(int(steps or 0), last)

    def act(self, case: Case, step: CaseStep, note: tuple[str, bytes] | None) -> bool:
        """Append a person's step, unless somebody else acted since the case was read.

        Args:
            case: as it was read.
            step: of a person, with the action's id.
            note: name and sealed text, for the vault.

        Returns:
            True where it was appended, now or by an earlier call; False where another step was.

        Raises:
            StoreAwayError: no answer; the same call goes on.
        """
        return bool(self.client.run("act_on_case", *self._acting(case, step, note)))

    def act_each(self, acts: Sequence[CaseAct]) -> list[bool]:
        """Append steps on several cases, as `act` does, in few round trips.

        Args:
            acts: each with a step that has an id.

        Returns:
            What `act` returns, in order.

        Raises:
            StoreAwayError: no answer; any of them may have been appended: the same call goes on.
        """
        calls = [self._acting(*act) for act in acts]
        return [bool(one) for one in self.client.run_each("act_on_case", calls)]

    def _acting(self, case: Case, step: CaseStep, note: tuple[str, bytes] | None) -> Call:
        p, record = case.partition, step_record(case, step)
        names = [
            self.keys.journal(p),
            self.keys.seq(p),
            self.keys.acting(p, case.id),
            self.keys.texts(p, case.subject),
        ]
        args: list[Arg] = [case.revision, step.action_id, ACTING, case.subject, encode(record)]
        return names, [*args, *(note or ())]

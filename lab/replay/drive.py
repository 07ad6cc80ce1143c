"""Driver of a replay: it sends a log's visitors through the service, in the file's order."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

from lab.replay.mapping import LogMapping
from lab.replay.rates import Outcome
from lab.replay.rows import ReplayRow
from nudge.client.api import Api
from nudge.client.outbox import Outbox, deliver_to
from nudge.domain.journal.records import DecisionReason

SERVED = frozenset({DecisionReason.POLICY, DecisionReason.HOLDOUT, DecisionReason.ONLY_ELIGIBLE})
"""Reasons of decisions in normal service; others do not count."""
LEARNABLE = DecisionReason.POLICY
AHEAD = 2
"""Calls in flight for each worker: enough to keep it busy, few enough to keep the order."""


@dataclass(frozen=True)
class ReplayRun:
    """A run of a replay: its mapping, name and parallelism.

    Attributes:
        mapping: mapping of the log.
        name: part of every id: a repeated name changes nothing.
        workers: number of parallel calls.
    """

    mapping: LogMapping
    name: str
    workers: int = 8

    def visitor(self, customer: ReplayRow) -> str:
        """Return the visitor's external id in this run."""
        return f"{self.mapping.visitor_prefix}{self.name}-{customer.name}"


@dataclass
class ReplayProgress:
    """Counts and outcomes of a replay so far.

    Attributes:
        outcomes: outcomes of the rows in order, without decisions outside of normal service.
        reasons: number of decisions by reason.
        matched: number of outcomes whose logged variant was drawn.
        sticky: number of answers with an earlier decision.
        retries: number of repeated calls: their answers may be sticky too.
        shown: exposures sent that the policy drew, by variant.
        converted: those of `shown` with the outcome, by variant.
        skipped: rows whose variant is not a variant of the slot.
        interrupted: ended by Ctrl-C.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    matched: int = 0
    sticky: int = 0
    retries: int = 0
    shown: Counter[str] = field(default_factory=Counter)
    converted: Counter[str] = field(default_factory=Counter)
    skipped: int = 0
    interrupted: bool = False

    @property
    def rows(self) -> int:
        """Number of rows read so far."""
        return self.skipped + sum(self.reasons.values())

    @property
    def repeated(self) -> int:
        """Number of rows that an earlier run of this name had sent."""
        return max(0, self.sticky - self.retries)

    def add(self, outcome: Outcome) -> None:
        """Add a row's outcome."""
        self.outcomes.append(outcome)
        self.matched += outcome.matched


def replay(
    api: Api,
    run: ReplayRun,
    customers: Iterable[ReplayRow | None],
    look: Callable[[ReplayProgress], None],
) -> ReplayProgress:
    """Send every visitor, and call `look` after each row; Ctrl-C ends the replay early.

    Raises:
        NudgeError: the service is away or refuses a call, or a row is invalid.
    """
    progress = ReplayProgress()
    outbox = Outbox(deliver_to(api))
    try:
        for customer, given in _decide_each(api, run, customers):
            _settle(run, progress, outbox, customer, given)
            look(progress)
    except KeyboardInterrupt:
        progress.interrupted = True
    outbox.close()
    progress.retries = api.repeats
    return progress


Given = dict[str, str]


def _decide_each(
    api: Api, run: ReplayRun, customers: Iterable[ReplayRow | None]
) -> Iterator[tuple[ReplayRow | None, Given]]:
    """Decide for the visitors in parallel, and yield visitor and answer in the rows' order."""
    source = iter(customers)
    with ThreadPoolExecutor(run.workers) as pool:
        flying: deque[tuple[ReplayRow | None, Future[Given] | None]] = deque()
        try:
            while True:
                room = run.workers * AHEAD - len(flying)
                for customer in islice(source, room):
                    future = pool.submit(_decide, api, run, customer) if customer else None
                    flying.append((customer, future))
                if not flying:
                    return
                customer, asked = flying.popleft()
                yield customer, asked.result() if asked else {}
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _decide(api: Api, run: ReplayRun, customer: ReplayRow) -> Given:
    mapping = run.mapping
    body = {
        "visitor_id": run.visitor(customer),
        "channel": mapping.channel,
        "page": mapping.page,
        "slots": [mapping.slot],
        "context": customer.context,
    }
    answer: dict[str, dict[str, Given]] = api.post("/v1/decisions", body)
    return answer["decisions"][mapping.slot]


def _settle(
    run: ReplayRun,
    progress: ReplayProgress,
    outbox: Outbox,
    customer: ReplayRow | None,
    given: Given,
) -> None:
    """Count a row, and send its events if the drawn variant is the logged one."""
    if customer is None:
        progress.skipped += 1
        return
    reason, matched = given["reason"], given["variant"] == customer.logged
    progress.reasons[reason] += 1
    progress.sticky += bool(given.get("sticky"))
    if reason not in SERVED:
        return
    weight = 1 / customer.propensity
    progress.add(Outcome(customer.logged, customer.converted, weight, matched))
    if matched:
        outbox.put(*_events(run.visitor(customer), customer, given["decision_id"]))
        if reason == LEARNABLE:
            progress.shown[customer.logged] += 1
            progress.converted[customer.logged] += customer.converted


def _events(visitor: str, customer: ReplayRow, decision_id: str) -> Iterator[dict[str, object]]:
    named = ({"type": "shown"}, *customer.outcomes)
    for number, outcome in enumerate(named):
        ids = {"event_id": f"{visitor}:{number}", "visitor_id": visitor}
        yield {**outcome, **ids, "decision_id": decision_id}

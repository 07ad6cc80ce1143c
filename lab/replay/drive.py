"""Sends the customers of a log through the service, in the file's order."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

from lab.replay.customers import ReplayRow
from lab.replay.mapping import LogMapping
from lab.replay.rates import Outcome
from nudge.client.api import Api
from nudge.client.outbox import Outbox, deliver_to
from nudge.domain.journal.records import DecisionReason

SERVED = frozenset({DecisionReason.POLICY, DecisionReason.HOLDOUT, DecisionReason.ONLY_ELIGIBLE})
"""Reasons of decisions that the service made as it always does."""
LEARNABLE = DecisionReason.POLICY
AHEAD = 2
"""Calls that may be asked for a worker: enough to keep it busy, so few that order means much."""


@dataclass(frozen=True)
class ReplayRun:
    """How to replay.

    Attributes:
        mapping: of the log.
        name: part of every id: the same name again is a repetition and changes nothing.
        workers: calls at the same time.
    """

    mapping: LogMapping
    name: str
    workers: int = 8

    def visitor(self, customer: ReplayRow) -> str:
        """The customer's external id in this run."""
        return f"{self.mapping.visitor_prefix}{self.name}-{customer.name}"


@dataclass
class ReplayProgress:
    """What was done so far.

    Attributes:
        outcomes: of the rows in order, as far as the service served them as always.
        reasons: of all decisions.
        matched: of these, the ones whose logged variant was drawn.
        sticky: answers with an earlier decision.
        retries: calls that had to be made again: their answers may be sticky too.
        shown: exposures sent that the policy drew, by variant.
        converted: of these, the ones with the outcome.
        skipped: rows whose variant is none of the slot's.
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
        """Rows read so far."""
        return self.skipped + sum(self.reasons.values())

    @property
    def repeated(self) -> int:
        """Rows that an earlier run of the same name had sent."""
        return max(0, self.sticky - self.retries)

    def add(self, outcome: Outcome) -> None:
        """Keep a row's outcome."""
        self.outcomes.append(outcome)
        self.matched += outcome.matched


def replay(
    api: Api,
    run: ReplayRun,
    customers: Iterable[ReplayRow | None],
    look: Callable[[ReplayProgress], None],
) -> ReplayProgress:
    """Send every customer; `look` is called behind each row. Ctrl-C ends it early, in order.

    Raises:
        NudgeError: the service is away or refuses a call, or a row cannot be read.
    """
    progress = ReplayProgress()
    outbox = Outbox(deliver_to(api))
    try:
        for customer, given in _decided(api, run, customers):
            _settle(run, progress, outbox, customer, given)
            look(progress)
    except KeyboardInterrupt:
        progress.interrupted = True
    outbox.close()
    progress.retries = api.repeats
    return progress


Given = dict[str, str]


def _decided(
    api: Api, run: ReplayRun, customers: Iterable[ReplayRow | None]
) -> Iterator[tuple[ReplayRow | None, Given]]:
    """Each customer with the answer, in the order of the rows."""
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
    """Send what the row brings, where the drawn variant is the logged one."""
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

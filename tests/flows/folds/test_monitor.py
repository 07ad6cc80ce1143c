"""The fold `monitor`: counts by minute and leaf that do not depend on batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from builders import decision
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nudge.domain.alarms.drawn_shares import WEEK
from nudge.domain.alarms.minute_counts import LeafCount, read_field
from nudge.domain.alarms.watch_plan import WatchedStage, WatchPlan
from nudge.domain.journal.records import Event, Exposure, JournalEntry, Mark, Record, Ref, Reward
from nudge.flows.folds.monitor import KEPT, MonitorFold
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.keys import Keys

START = 30_000_000 * 60.0
MINUTE = 30_000_000
ONE, OTHER = "a" * 32, "b" * 32
PLAN = WatchPlan(
    (
        WatchedStage("home", (("step", "home", ""),)),
        WatchedStage("both", (("step", "amount", ""), ("step", "number", "")), needs_all=True),
        WatchedStage("method", (("step", "method", ""),)),
        WatchedStage("paid", (("paid", "", "server"),)),
    ),
    dimensions={"city": "city_tier"},
)


@pytest.fixture
def store(store_url: str, settings: Settings) -> Iterator[Store]:
    store = Store(clients.patient(store_url), Keys(settings.namespace, 2))
    yield store
    store.close()


def event(kind: str, subject: str = ONE, source: Any = "page", **fields: Any) -> Event:
    return Event(subject, f"{kind}-{fields}", kind, source, fields=fields)


def step(name: str, subject: str = ONE, **fields: Any) -> Event:
    return event("step", subject, step=name, **fields)


def paid(subject: str = ONE) -> Event:
    return event("paid", subject, "server", amount=50)


class Journal:
    """Entries of a partition, folded in batches as one owner after another would."""

    def __init__(self, store: Store, partition: int = 0) -> None:
        self.store, self.partition, self.position = store, partition, 0

    def take(self, *records: tuple[float, Record]) -> None:
        """Fold records as one batch; each has its seconds behind the start."""
        fold, p = MonitorFold(self.store, lambda: PLAN), self.partition
        entries = [
            JournalEntry(p, self.position + i, START + at, record)
            for i, (at, record) in enumerate(records, start=1)
        ]
        self.position += len(entries)
        lease = self.store.folds.acquire(p, fold.name, "test", 5.0)
        assert lease is not None
        _, batch = fold.handle(p, fold.prepare(p), entries)
        self.store.folds.commit(lease, batch)

    def counts(self, minute: int = 0) -> set[tuple[str, str, str, int]]:
        """The counts of a minute: stage, attributes, kind, number."""
        found = self.store.minute_counts.read(self.partition, MINUTE + minute)
        return {_plain(read_field(name, number)) for name, number in found.items()}


def _plain(count: LeafCount) -> tuple[str, str, str, int]:
    known = " ".join(f"{name}={value}" for name, value in sorted(count.attributes.items()))
    return count.stage, known, count.kind, count.number


def test_a_visit_is_counted_stage_by_stage(store: Store) -> None:
    """A stage's success has the attributes of its arrival, and the minute in which it happens."""
    journal = Journal(store)
    journal.take(
        (0, decision(ONE, channel="app", context={"city_tier": "2", "age": 3})),
        (1, step("home")),
        (2, step("amount")),
        (3, step("number")),
        (4, step("method", method="wechat")),
        (5, step("method", method="wechat")),
        (130, paid()),
    )
    web = "channel=app city=2"
    assert journal.counts() == {
        ("home", web, "a", 1),
        ("home", web, "s", 1),
        ("home", "", "d0", 1),
        ("both", web, "a", 1),
        ("both", web, "s", 1),
        ("both", "", "d0", 1),
        ("method", f"{web} method=wechat", "a", 1),
    }
    assert journal.counts(2) == {
        ("method", f"{web} method=wechat", "s", 1),
        ("method", "", "d2", 1),
        ("paid", f"{web} method=wechat", "a", 1),
    }


def test_another_method_is_another_arrival(store: Store) -> None:
    """A visitor who chooses another method arrives again; the first choice never succeeds."""
    journal = Journal(store)
    journal.take(
        (0, step("method", method="wechat")),
        (5, event("payment_failed", reason="down")),
        (6, event("payment_failed", reason="again")),
        (9, step("method", method="card")),
        (20, paid()),
    )
    assert journal.counts() == {
        ("method", "method=wechat", "a", 1),
        ("method", "method=wechat reason=down", "f", 1),
        ("method", "method=card", "a", 1),
        ("method", "method=card", "s", 1),
        ("method", "", "d0", 1),
        ("paid", "method=card", "a", 1),
    }


def test_a_visit_ends_with_its_gap(store: Store) -> None:
    """After half an hour without an act a payment is nobody's success, and a step a new arrival."""
    journal = Journal(store)
    journal.take((0, step("home")), (1900, paid()), (1960, step("home")))
    assert journal.counts(31) == {("paid", "", "a", 1)}
    assert journal.counts(32) == {("home", "", "a", 1)}


def test_claims_sms_scores_and_rewards_have_stages_of_their_own(store: Store) -> None:
    """A claim succeeds when a server says the same, an SMS when it arrives."""
    journal = Journal(store)
    exposed = Exposure(ONE, Ref(0, 1), "banner", 1, "a", "-", "policy", 0.5, 9.0, START)
    reward = Reward(
        "r", ONE, Ref(0, 1), "banner", 1, "a", "-", "policy", START, "e", 1, 5, 25, False, START + 9
    )
    journal.take(
        (0, event("paid")),
        (0, event("paid", again=1)),
        (1, paid()),
        (2, event("sms_sent", OTHER, "server")),
        (3, event("sms_delivered", OTHER, "server")),
        (4, event("feedback", scene="payment", score=3)),
        (5, event("feedback", OTHER, scene="payment", score=9)),
        (6, event("complaint", OTHER, "server")),
        (7, exposed),
        (9, reward),
    )
    delays = {(stage, "", "d0", 1) for stage in ("claim", "sms", "reward")}
    assert journal.counts() - delays == {
        ("claim", "", "a", 1),
        ("claim", "", "s", 1),
        ("paid", "", "a", 1),
        ("sms", "", "a", 1),
        ("sms", "", "s", 1),
        ("feedback", "scene=payment", "a", 2),
        ("feedback", "scene=payment", "s", 1),
        ("complaint", "", "a", 1),
        ("reward", "slot=banner", "a", 1),
        ("reward", "slot=banner", "s", 1),
    }


def test_minutes_are_forgotten_and_old_records_not_counted(store: Store) -> None:
    """Minutes are kept for two hours; what happened long before it came is not of its minute."""
    journal = Journal(store)
    journal.take((0, step("home")))
    late = Event(OTHER, "late", "step", "page", fields={"step": "home"}, at=START)
    journal.take(((KEPT + 1) * 60.0, late))
    assert store.folds.read_fields(0, "monitor", "minutes") == [""]
    assert journal.counts() == set()
    assert journal.counts(KEPT + 1) == set()


def test_time_passes_where_everything_was_read(store: Store) -> None:
    """A partition is counted up to its watermark, and up to now where nothing is left to read."""
    assert store.minute_counts.front(0).at > START / 2
    store.journal.append_mark(0, Mark("heartbeat"))
    assert store.minute_counts.front(0).at == 0.0


KINDS = st.sampled_from(
    [
        step("home"),
        step("amount"),
        step("number", OTHER),
        step("method", method="wechat"),
        step("method", method="card"),
        paid(),
        paid(OTHER),
        event("payment_failed", reason="down"),
        event("paid"),
        event("sms_sent", source="server"),
        event("sms_delivered", source="server"),
        decision(ONE, channel="app"),
        decision(OTHER, channel="wap", context={"city_tier": "1"}),
        Mark("heartbeat"),
    ]
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(st.integers(0, 900), KINDS), min_size=1, max_size=30),
    cuts=st.sets(st.integers(1, 29)),
)
def test_batches_do_not_matter(
    store: Store, rows: Sequence[tuple[int, Record]], cuts: set[int]
) -> None:
    """The counts and the traces are the same, however the journal is cut into batches."""
    ends = [0, *sorted(cut for cut in cuts if cut < len(rows)), len(rows)]
    clock, timed = 0, []
    for wait, record in rows:
        clock += wait
        timed.append((float(clock), record))
    found = []
    for parts in ([0, len(rows)], ends):
        for key in list(store.client.scan(f"{store.keys.namespace}:*")):
            store.client.call("DEL", key)
        journal = Journal(store)
        for start, end in pairwise(parts):
            journal.take(*timed[start:end])
        (kept,) = store.folds.read_fields(0, "monitor", "minutes")
        minutes = [int(one) for one in (kept or "").split()]
        counts = [store.minute_counts.read(0, minute) for minute in minutes]
        found.append((kept, counts, store.minute_counts.traces(0, [ONE, OTHER])))
    assert found[0] == found[1]


def test_only_what_is_shown_counts_among_the_shares(store: Store) -> None:
    """A draw adds its excess and variance once, when its exposure comes, in whole millionths."""
    journal = Journal(store)
    drawn = decision(ONE, slot="banner", variant="a", eligible=("a", "b"), pmf=(0.25, 0.75))
    shown = Exposure(ONE, Ref(0, 1), "banner", 1, "a", "-", "policy", 0.25, 9.0, START)
    journal.take((0, drawn), (0, replace(drawn, subject=OTHER)))
    journal.take((1, shown), (2, shown), (3, replace(shown, subject=OTHER)))
    now, before = store.minute_counts.shares(START)
    assert before == {}
    assert sorted(now.items()) == [
        ("banner\x1fa\x1fv", 187_500),
        ("banner\x1fa\x1fx", 750_000),
        ("banner\x1fb\x1fv", 187_500),
        ("banner\x1fb\x1fx", -750_000),
    ]
    assert store.minute_counts.shares(START + WEEK)[1] == now

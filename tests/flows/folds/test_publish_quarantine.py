"""Quarantine and rollback: what the publisher leaves out, what it holds, and how it goes on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from places import CONFIG

import bandits
from bandits.buckets import FINE
from bandits.policies.snapshot import dump
from bandits.units import DAY, HOUR
from nudge.config.slot_change import Edit
from nudge.config.slot_file import load_slots
from nudge.domain.alarms.quarantine import QuarantineNote, QuarantineScope, new_quarantine
from nudge.domain.credit.booking import BookingKey
from nudge.domain.slots.slot import SlotMode
from nudge.errors import ChangedMeanwhileError, InvalidRequestError, UnconditionalError
from nudge.flows.folds.learn import WATERMARK
from nudge.flows.folds.learner_fit import fit_learner
from nudge.flows.folds.publish import Publisher
from nudge.flows.folds.teaching_rows import teaching_rows
from nudge.flows.upkeep.quarantine import discard, mark, release
from nudge.flows.upkeep.rollback import hold_policy, let_go
from nudge.settings.settings import Settings
from nudge.store.folds.counts import CountRow
from nudge.store.folds.folds import Commit
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.keys import Keys

BANNER = load_slots(CONFIG / "slots")["banner"]
START = float(1_790_000_000 // DAY * DAY)
OUTAGE = (START + 18 * HOUR, START + 20 * HOUR)
END = START + DAY
WEB, APP = "1.1.1", "3.1.1"
NOTE, EDIT = QuarantineNote("ann", END, "payments failed"), Edit("ann", "harm", END)
RATES = dict.fromkeys(BANNER.names, 0.3) | {"coffee": 0.36}
FAILING = {"coffee": 0.0}
"""Visitors whom the banner `coffee` brings pay by the method that fails."""


@pytest.fixture
def store(store_url: str, settings: Settings) -> Iterator[Store]:
    store = Store(clients.patient(store_url), Keys(settings.namespace, 1))
    assert store.slots.put(BANNER, None)
    yield store
    store.close()


@pytest.fixture
def publisher(store: Store) -> Publisher:
    return Publisher(store, "one", 30.0, 2.0)


def day(seed: int = 1, failing: dict[str, float] | None = None) -> list[CountRow]:
    """A day of 60 visits an hour for each variant and cell, three times as many in the outage."""
    rng = np.random.default_rng(seed)
    rows = []
    for bucket in range(int(START), int(END), FINE):
        broken = OUTAGE[0] <= bucket < OUTAGE[1]
        for cell in (WEB, APP):
            for name in BANNER.names:
                shown = int(rng.poisson((180 if broken else 60) * FINE / HOUR))
                rate = (RATES | (failing or {}) if broken else RATES)[name]
                paid = int(rng.binomial(shown, rate))
                rows.append(CountRow(bucket, cell, name, (shown, paid, 0, 0)))
    return rows


def count(store: Store, rows: Sequence[CountRow]) -> None:
    """The fold `learn` has counted these rows."""
    lease = store.folds.acquire(0, "learn", "test", 5.0)
    assert lease is not None
    booked = {
        BookingKey("banner", 1, "policy", row.variant, row.cell, row.bucket): row.tally
        for row in rows
    }
    position = lease.position + 100
    writes = [
        *store.counts.add(0, 0, booked, position),
        store.folds.put_fields(0, "learn", {WATERMARK: repr(END), "slots": "banner"}),
    ]
    store.folds.commit(lease, Commit(position, (), writes))


def current(store: Store) -> bandits.Policy:
    version = store.client.call("HGET", store.keys.config("versions"), "policy:banner")
    blob = store.snapshots.read("banner", int(version))
    assert blob is not None
    return bandits.load_policy(blob)


def share(policy: bandits.Policy, name: str = "coffee") -> float:
    allocation = policy.meta["allocation"]
    assert isinstance(allocation, dict)
    return float(allocation[name])


def test_an_outage_teaches_nothing_while_it_is_quarantined(
    store: Store, publisher: Publisher
) -> None:
    """The allocation is that of a day without outage; without a quarantine it visibly moves.

    Noise: the allocation of five other days without outage, whose largest distance from their mean
    is a bound that a sixth one breaks by chance in one case of six; twice that is allowed.
    """
    quiet = [share(fit_learner(BANNER, day(seed), [100], END, 1)) for seed in range(2, 7)]
    noise = 2.0 * max(abs(one - float(np.mean(quiet))) for one in quiet)
    count(store, day(failing=FAILING))
    assert publisher.run(0.0) == ["banner"]
    during = share(current(store))
    mark(store, *OUTAGE, QuarantineScope(method="wechat"), NOTE)
    assert publisher.run(2.0) == ["banner"]
    left = share(current(store))
    assert abs(left - float(np.mean(quiet))) <= noise
    assert abs(during - float(np.mean(quiet))) > max(0.1, 2.0 * noise)


def test_a_snapshot_after_a_release_is_bit_equal_to_one_without_a_quarantine(
    store: Store, publisher: Publisher
) -> None:
    """Counts are never touched, and what earlier fits remember is forgotten with the quarantine."""
    count(store, day(failing=FAILING))
    publisher.run(0.0)
    one = mark(store, *OUTAGE, QuarantineScope(), NOTE)
    assert publisher.run(2.0) == ["banner"]
    marked = dump(current(store))
    assert [q["id"] for q in current(store).meta["quarantined"]] == [one.id]  # type: ignore[attr-defined]
    release(store, one.id, NOTE)
    assert publisher.run(4.0) == ["banner"]
    never = fit_learner(BANNER, day(failing=FAILING), [100], END, 3)
    assert dump(current(store)) == dump(never) != marked
    assert publisher.run(6.0) == []


def test_a_quarantine_without_counts_of_the_slot_publishes_nothing(
    store: Store, publisher: Publisher
) -> None:
    """A snapshot says what was left out of it, and another interval is nothing of its own."""
    count(store, day())
    publisher.run(0.0)
    mark(store, END + DAY, END + DAY + HOUR, QuarantineScope(), NOTE)
    assert publisher.run(2.0) == []


def test_another_publisher_knows_what_was_left_out(store: Store, publisher: Publisher) -> None:
    """A publisher that dies is followed by one that neither repeats nor forgets a quarantine."""
    count(store, day())
    one = mark(store, *OUTAGE, QuarantineScope(), NOTE)
    publisher.run(0.0)
    publisher.release()
    other = Publisher(store, "other", 30.0, 2.0)
    assert other.run(0.0) == []
    discard(store, one.id, NOTE)
    assert other.run(2.0) == []
    other.release()
    mark(store, START, START + HOUR, QuarantineScope(), NOTE)
    assert Publisher(store, "third", 30.0, 2.0).run(0.0) == ["banner"]


def test_a_slot_whose_counts_are_all_quarantined_is_served_as_one_that_knows_nothing(
    store: Store, publisher: Publisher
) -> None:
    """The publisher does not fail on an empty table."""
    count(store, day())
    mark(store, START, END, QuarantineScope(), NOTE)
    assert publisher.run(0.0) == ["banner"]
    assert set(current(store).meta["conversions"].values()) == {0}  # type: ignore[attr-defined]


def test_a_channel_s_quarantine_takes_its_cells_where_cells_tell_the_channel() -> None:
    """Elsewhere it takes the whole bucket, and so does a payment method's."""
    rows = day()
    taken = {}
    for scope in (QuarantineScope("web"), QuarantineScope(method="wechat"), QuarantineScope("sms")):
        for slot in (BANNER, replace(BANNER, context=())):
            made = [replace(new_quarantine(OUTAGE, QuarantineScope(), NOTE), scope=scope)]
            left = set(teaching_rows(slot, rows, made, END).rows)
            out = [row for row in rows if row not in left]
            taken[scope, len(slot.context)] = {row.cell for row in out}
            assert all(OUTAGE[0] <= row.bucket < OUTAGE[1] for row in out)
    assert taken[QuarantineScope("web"), 3] == {WEB}
    assert taken[QuarantineScope("sms"), 3] == set()
    assert all(cells == {WEB, APP} for (_, size), cells in taken.items() if size == 0)
    assert taken[QuarantineScope(method="wechat"), 3] == {WEB, APP}


def test_a_wide_bucket_that_touches_a_quarantine_is_left_out_whole() -> None:
    """Counts of ten days ago stand in hours: they are rounded outward, and never halved."""
    made, hour = new_quarantine(OUTAGE, QuarantineScope(), NOTE), int(OUTAGE[0]) - HOUR
    made = replace(made, start=OUTAGE[0] - FINE)
    rows = [CountRow(hour + n * HOUR, WEB, "coffee", (9, 3, 0, 0)) for n in range(-1, 4)]
    found = teaching_rows(BANNER, rows, [made], END + 10 * DAY)
    assert [(row.bucket - hour) // HOUR for row in found.rows] == [-1, 3]
    assert [q.id for q in found.by] == [made.id]


def test_a_policy_that_is_set_back_is_published_again_and_held(
    store: Store, publisher: Publisher
) -> None:
    """Counts go on meanwhile; once it is let go, the next snapshot has learned from all of them."""
    count(store, day())
    publisher.run(0.0)
    first = current(store)
    count(store, day(2, failing=FAILING))
    assert publisher.run(2.0) == ["banner"]
    hold_policy(store, "banner", 1, 1, EDIT)
    assert publisher.run(4.0) == ["banner"]
    held = current(store)
    assert (held.version, held.meta["held"]) == ("3", 1)
    assert dump(replace(held, version="1", meta=first.meta)) == dump(first)  # type: ignore[type-var]
    count(store, day(3))
    assert publisher.run(6.0) == []
    publisher.release()
    other = Publisher(store, "other", 30.0, 2.0)
    assert other.run(0.0) == []
    assert let_go(store, "banner", 1, EDIT)
    assert other.run(8.0) == ["banner"]
    assert current(store).version == "4"
    assert "held" not in current(store).meta
    assert [one["held"] for one in store.policy_holds.history("banner")] == [False, True]


def test_a_rollback_is_idempotent_and_refuses_what_is_not_there(
    store: Store, publisher: Publisher
) -> None:
    """The message lists the versions that are kept; a slot that was changed is looked at first."""
    count(store, day())
    publisher.run(0.0)
    with pytest.raises(InvalidRequestError, match="not kept; kept are: 1"):
        hold_policy(store, "banner", 7, 1, EDIT)
    with pytest.raises(UnconditionalError):
        hold_policy(store, "banner", 1, None, EDIT)
    with pytest.raises(ChangedMeanwhileError):
        hold_policy(store, "banner", 1, 5, EDIT)
    assert hold_policy(store, "banner", 1, 1, EDIT) == hold_policy(store, "banner", 1, 1, EDIT)
    assert len(store.policy_holds.history("banner")) == 1
    assert let_go(store, "banner", 1, EDIT)
    assert not let_go(store, "banner", 1, EDIT)


def test_another_mode_lets_the_policy_go(store: Store, publisher: Publisher) -> None:
    """A slot that is frozen or set live is decided on anew; another title decides nothing."""
    count(store, day())
    publisher.run(0.0)
    hold_policy(store, "banner", 1, 1, EDIT)
    titled = replace(BANNER, revision=2, title="Banner")
    assert store.slots.put(titled, BANNER)
    assert store.policy_holds.of_slot("banner")
    assert store.slots.put(replace(titled, revision=3, mode=SlotMode.FROZEN), titled)
    assert store.policy_holds.of_slot("banner") is None


def test_a_version_of_other_variants_is_not_held(store: Store, publisher: Publisher) -> None:
    """A version of other variants is refused, and a hold of before lets the learner on."""
    count(store, day())
    publisher.run(0.0)
    hold_policy(store, "banner", 1, 1, EDIT)
    fewer = replace(BANNER, revision=2, variants=BANNER.variants[:-1])
    assert store.slots.put(fewer, BANNER)
    assert publisher.run(2.0) == ["banner"]
    assert "held" not in current(store).meta
    assert let_go(store, "banner", 2, EDIT)
    with pytest.raises(InvalidRequestError, match="other variants"):
        hold_policy(store, "banner", 1, 2, EDIT)

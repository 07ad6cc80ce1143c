"""Warnings around kills: a delayed rule fires once for each who waits, and for nobody resolved."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from random import Random

import pytest
from child_processes import eventually
from fault_site import Site, installed

from nudge.config.documents.configuration import Configuration
from nudge.config.documents.document import ConfigDocument
from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.records import Event, Mark
from nudge.flows.upkeep.rebuild import Rebuild
from nudge.flows.upkeep.verification.verify_cases import verify_cases
from nudge.lake.files.history import History
from nudge.lake.files.reader import Lake
from nudge.processes import embedded
from nudge.store.journal.appends import Append
from nudge.store.store import Store
from nudge.wiring.stores import patient_store

PEOPLE = 600
KILLS = 8
WAVE = 40
POINTS = ("care.before_commit", "care.after_commit")
RULES = """
[[rules]]
name = "unpaid"
when = { event = "payment_failed" }
after = "2s"
unless = [{ event = "paid" }]
[[rules]]
name = "low"
when = { event = "feedback", score_at_most = 5 }
"""


@pytest.fixture
def site() -> Iterator[Site]:
    """A store alone, with rules of its own."""
    with installed() as made:
        server = embedded.start(made.settings)
        with closing(patient_store(made.settings)) as store:
            assert store.documents.put(ConfigDocument("warnings.toml", 1, RULES), 0, {})
        yield made
        server.stop()


def tell(store: Store, number: int) -> None:
    """A person's payment fails; every third one pays at once, and says what they think."""
    subject, p = f"{number:032x}", number % store.keys.partitions
    failed = Event(subject, "f", "payment_failed", "server", fields={"reason": "bank"})
    paid = Event(subject, "p", "paid", "server", fields={"amount": 50})
    said = Event(subject, "s", "feedback", "page", fields={"scene": "shop", "score": 2})
    events = (failed, paid, said) if number % 3 == 0 else (failed,)
    store.journal.append_once(p, [Append("", one) for one in events], closes=True)


def beat(store: Store) -> None:
    """Let the journal's time go on."""
    for p in store.keys.every_partition():
        store.journal.append_mark(p, Mark("beat"))


def read_up(store: Store) -> bool:
    return sum(store.folds.lags()["care"]) == 0


def warned(store: Store) -> Counter[tuple[int, str]]:
    """How often each person was warned of by each rule, by the journal."""
    found: Counter[tuple[int, str]] = Counter()
    for p in store.keys.every_partition():
        for entry in store.journal.read(p, 0, 100_000):
            record = entry.record
            if isinstance(record, Event) and record.type == "warned":
                found[int(record.subject, 16), str(record.fields["rule"])] += 1
    return found


def kept(store: Store) -> dict[str, object]:
    """All watches and cases, without the generation in their keys."""
    found: dict[str, object] = {}
    for p in store.keys.every_partition():
        generation = store.folds.generation_of(p, "care")
        start = store.keys.prefix(p)
        for family in ("watch", "case"):
            mark = f"{start}{family}@{generation}:" if generation else f"{start}{family}:"
            for key in store.client.scan(f"{mark}*"):
                found[f"{family} {key.removeprefix(mark)}"] = store.client.call("GET", key)
    return found


def test_delayed_rules_survive_kills_and_restarts_and_fire_once(site: Site) -> None:
    """Every third person pays in time; the worker dies before and after commits, and at random."""
    random = Random(5)  # noqa: S311 - a test's own
    with closing(patient_store(site.settings)) as store:
        for point in POINTS:
            site.fault(point)
        worker = site.work("care")
        for number in range(PEOPLE):
            tell(store, number)
        assert eventually(lambda: all(map(site.struck, POINTS)), 60), site.logs()
        until = time.monotonic() + 4.0
        while time.monotonic() < until:
            beat(store)
            time.sleep(random.uniform(0.2, 0.8))
            worker.kill()
        beat(store)
        assert eventually(lambda: read_up(store), 60), site.logs()
        expected = {(n, "unpaid") for n in range(PEOPLE) if n % 3}
        expected |= {(n, "low") for n in range(0, PEOPLE, 3)}
        assert warned(store) == Counter(expected)
        assert worker.deaths >= 4
        check_rebuild(site, store)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_schedule_of_kills_fires_each_rule_once(site: Site, seed: int) -> None:
    """People come, pay and turn out to be one while the worker dies at drawn points and moments."""
    random = Random(seed)  # noqa: S311 - a test's own
    with closing(patient_store(site.settings)) as store:
        worker = site.work("care")
        for wave in range(KILLS):
            for number in range(WAVE * wave, WAVE * (wave + 1)):
                tell(store, number)
                if number % 10 == 1:
                    merge(store, number)
            point = random.choice((*POINTS, ""))
            if point:
                site.fault(point)
                assert site.struck(point), site.logs()
            else:
                time.sleep(random.uniform(0.0, 1.0))
                worker.kill()
            beat(store)
        assert eventually(lambda: fired(store) and read_up(store), 60), site.logs()
        expected = Counter((n, "unpaid") for n in range(WAVE * KILLS) if n % 3 and n % 10 != 1)
        expected += Counter((n, "low") for n in range(0, WAVE * KILLS, 3))
        expected += Counter((other(n), "unpaid") for n in range(1, WAVE * KILLS, 10) if n % 3)
        assert warned(store) == expected
        assert worker.deaths >= KILLS
        check_rebuild(site, store)


def other(number: int) -> int:
    """The person whom one turns out to be: of another partition."""
    return number + 100_001


def merge(store: Store, number: int) -> None:
    """A person turns out to be another one, before a rule that waits is due."""
    p, into = number % store.keys.partitions, other(number)
    fields = {"into": f"{into:032x}", "partition": into % store.keys.partitions}
    event = Event(f"{number:032x}", "i", "identified", "server", fields=fields)
    store.journal.append_once(p, [Append("", event)], closes=True)


def fired(store: Store) -> bool:
    """Let time go on; whether nothing waits any more."""
    beat(store)
    time.sleep(0.2)
    far = time.time() + 60
    every = store.keys.every_partition()
    return not any(store.watches.due(p, far, 1) for p in every)


def check_rebuild(site: Site, store: Store) -> None:
    """Check that a rebuild comes to the same bytes and writes nothing."""
    assert eventually(lambda: read_up(store), 60), site.logs()
    before, told = kept(store), warned(store)
    unseal = Sealer(site.settings.secret_key).unseal
    history = History(Lake(site.settings.lake_dir), unseal, store.journal.read)
    configuration = Configuration(site.settings, store.documents.current())
    rebuilding = Rebuild(store, history, "builder", book=lambda: configuration.rule_book)
    for p in store.keys.every_partition():
        rebuilding.run("care", p, lambda _: None)
    assert (kept(store), warned(store)) == (before, told)
    assert list(verify_cases(store, history, lambda _: None)) == []

"""Assignments around kills: each case has one for each decision, and loads stay even."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from random import Random
from threading import Thread

import pytest
from child_processes import eventually
from fault_site import Site, installed
from fault_traffic import Line

from nudge.config.documents.document import ConfigDocument
from nudge.domain.journal.records import Event
from nudge.domain.worklist.case_queue import OWNERS
from nudge.flows.worklist.loads import loads_of
from nudge.processes import embedded
from nudge.store.journal.appends import Append
from nudge.store.store import Store
from nudge.wiring.stores import patient_store

CASES = 6_000
AGENTS = ("ann", "bo", "cy", "di")
WEIGHTS = (1, 1, 2, 2)
POINTS = (
    *("assign.before_append", "assign.after_append"),
    *("care.before_commit", "care.after_commit"),
)
ADMIN = "faults-admin-key-0123456789abcdef"
TAKING = ("next.before_append", "next.after_append")
RULES = """
[[rules]]
name = "low"
when = { event = "feedback", score_at_most = 5 }
thing = "visitor"
"""
WORK = """
[[teams]]
name = "care"
[[teams]]
name = "callers"
[[assignments]]
to = "care"
when = {{ levels = ["warning"] }}
{agents}
[[agents]]
name = "eve"
team = "callers"
capacity = 100000
[[agents]]
name = "flo"
team = "callers"
capacity = 100000
"""
AGENT = """
[[agents]]
name = "{name}"
team = "care"
capacity = {capacity}
"""


@pytest.fixture
def site() -> Iterator[Site]:
    """A store alone, with agents of a team who have all the room that is needed."""
    agents = "".join(
        AGENT.format(name=name, capacity=CASES * weight)
        for name, weight in zip(AGENTS, WEIGHTS, strict=True)
    )
    with installed() as made:
        server = embedded.start(made.settings)
        with closing(patient_store(made.settings)) as store:
            for name, text in (
                ("warnings.toml", RULES),
                ("worklist.toml", WORK.format(agents=agents)),
            ):
                assert store.documents.put(ConfigDocument(name, 1, text), 0, {})
        yield made
        server.stop()


def complain(store: Store, numbers: range) -> None:
    """Open a case for each of some visitors."""
    rows: dict[int, list[Append]] = defaultdict(list)
    for number in numbers:
        fields = {"scene": "shop", "score": 2}
        event = Event(f"{number:032x}", "f", "feedback", "page", fields=fields)
        rows[number % store.keys.partitions].append(Append("", event))
    for p, some in rows.items():
        store.journal.append_once(p, some, closes=True)


def assignments(store: Store) -> dict[str, list[tuple[str, str]]]:
    """Return the id and the assignee of each assignment in the journal, by case."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for p in store.keys.every_partition():
        position = 0
        while entries := store.journal.read(p, position, 5_000):
            position = entries[-1].position
            for entry in entries:
                record = entry.record
                if isinstance(record, Event) and record.fields.get("action") == "assign":
                    name = str(record.fields["case"])
                    found[name].append((record.event_id, str(record.fields["to"])))
    return found


def is_done(store: Store) -> bool:
    counts = store.case_queues.count()
    nobody = sum(n for queue, n in counts.items() if queue.owner == "-")
    mine = sum(n for queue, n in counts.items() if queue.owner not in OWNERS)
    return nobody == 0 and mine == CASES and sum(store.folds.lags()["care"]) == 0


def test_two_workers_that_die_assign_each_case_once_and_evenly(site: Site) -> None:
    """Workers die at drawn points and moments while cases open; loads differ by less than 1 %."""
    random = Random(7)  # noqa: S311 - a test's own
    with closing(patient_store(site.settings)) as store:
        workers = [site.work("care"), site.work("care", NUDGE_LOG_LEVEL="info")]
        for wave in range(6):
            complain(store, range(wave * CASES // 6, (wave + 1) * CASES // 6))
            point = random.choice((*POINTS, ""))
            if point:
                site.fault(point)
                assert site.struck(point), site.logs()
            else:
                time.sleep(random.uniform(0.1, 1.0))
                random.choice(workers).kill()
        assert eventually(lambda: is_done(store), 120), site.logs()
        found = assignments(store)
        assert len(found) == CASES
        assert Counter(len(one) for one in found.values()) == {1: CASES}
        loads = loads_of(store.case_queues.count())
        for name, weight in zip(AGENTS, WEIGHTS, strict=True):
            part = CASES * weight / sum(WEIGHTS)
            assert abs(loads[name] - part) <= 0.01 * part, loads


def test_agents_who_take_the_next_case_never_share_one_while_the_web_dies(site: Site) -> None:
    """A call whose answer was lost is repeated, and gives the same case: each call has one."""
    with closing(patient_store(site.settings)) as store:
        text = WORK.partition("[[assignments]]")[0] + WORK.partition("{agents}")[2]
        assert store.documents.put(ConfigDocument("worklist.toml", 2, text), 1, {})
        # A web process that starts again reads its file first.
        (site.settings.config_dir / "worklist.toml").write_text(text)
        complain(store, range(400))
        site.work("care")
        site.web()
        assert eventually(lambda: sum(store.folds.lags()["care"]) == 0, 60), site.logs()
        taken: dict[str, str] = {}
        calls = [(agent, f"{agent}-{n}") for n in range(30) for agent in ("eve", "flo")]
        threads = [Thread(target=take, args=(site, calls[i::4], taken)) for i in range(4)]
        for thread in threads:
            thread.start()
        for point in TAKING * 2:
            site.fault(point)
            assert site.struck(point), site.logs()
        for thread in threads:
            thread.join(120)
        assert len(taken) == len(set(taken.values())) == 60, site.logs()
        assert eventually(lambda: sum(store.folds.lags()["care"]) == 0, 60), site.logs()
        found = assignments(store)
        mine = {call: names for names in found.values() for call, _ in names}
        assert {name: len(one) for name, one in found.items()} == dict.fromkeys(taken.values(), 1)
        assert len(mine) == 60


def take(site: Site, calls: list[tuple[str, str]], taken: dict[str, str]) -> None:
    """Take a case by each call, which is repeated until it is answered."""
    line = Line(site.settings)
    with closing(line):
        for agent, name in calls:
            body = {"agent": agent, "action_id": name}
            answer = line.insist("/v1/worklist/next", body, 200, ADMIN)
            taken[name] = answer.body["case"]["id"]
            time.sleep(0.05)

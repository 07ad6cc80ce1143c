"""Windows close by the clock: heartbeats where nobody comes (decision 0016)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from places import CONFIG
from rebuild_site import (
    archive,
    differences,
    fold_all,
    learned,
    opened,
    rebuild_whole,
    rebuilding,
    states,
)
from worker_site import Site

from bandits.units import DAY, HOUR
from benchmarks.moved_clock import MovedClock, moved_clock
from nudge import clock
from nudge.config.slot_file import load_slots
from nudge.domain.credit.log_import import ImportRules
from nudge.domain.journal.records import Decision, Event, Mark
from nudge.flows.upkeep.imports.import_log import Importer
from nudge.lake.engine.query import connect, joined_form
from nudge.lake.files.reader import Lake
from nudge.lake.intake.input_file import open_input
from nudge.store.journal.appends import Append
from nudge.store.keeping.heartbeats import HEARTBEAT, LAST
from nudge.wiring.worker import Worker, loops_of
from nudge.workers.turns.heartbeat_loop import HeartbeatLoop

ROWS = 40


@pytest.fixture
def hands(site: Site) -> Iterator[MovedClock]:
    """The store's clock, at first thirty days back: what its own clock keeps is still there."""
    with moved_clock(site.store.client, clock.now() - 30 * DAY) as made:
        yield made


def wait(site: Site, hands: MovedClock, seconds: float, look: float = 60.0) -> int:
    """Nobody comes, and workers look; return how many heartbeats there were."""
    until, beats = hands.now + seconds, 0
    while hands.now < until:
        hands.move(min(hands.now + look, until))
        beats += HeartbeatLoop(site.store, lambda: None).turn()  # type: ignore[arg-type]
        fold_all(site, "attribute")
    return beats


def matured(site: Site) -> Counter[bool]:
    archive(site)
    rows = joined_form(connect(Lake(site.settings.lake_dir))).to_pyarrow().to_pylist()
    return Counter(row["matured"] for row in rows)


def beats(site: Site) -> int:
    marks = [one for one in site.records() if isinstance(one, Mark)]
    return sum(one.type == HEARTBEAT for one in marks)


def take_log(site: Site, directory: Path, at: float) -> None:
    """A historical log is imported, whose last rows are as old as that."""
    path = directory / "old.csv"
    rows = "".join(f"{'ab'[i % 2]},{i % 3 == 0:d},{at - 60 * i}\n" for i in range(ROWS))
    path.write_text("variant,reward,at\n" + rows)
    banner = load_slots(CONFIG / "slots")["banner"]
    names = [one.name for one in banner.variants]
    path.write_text(path.read_text().replace("a,", f"{names[0]},").replace("b,", f"{names[1]},"))
    assert site.store.slots.put(banner, None)
    share = dict.fromkeys(names[:2], 0.5)
    rules = ImportRules("banner", distribution=share)
    flow = Importer(site.store, rebuilding(site).history, b"k" * 32, clock.now())
    assert flow.run(open_input(path), rules, "x", lambda _: None).fresh == ROWS


def test_f36_an_import_matures_though_nobody_comes(
    site: Site, hands: MovedClock, tmp_path: Path
) -> None:
    """Eleven minutes behind an import all of it has matured, and all parts agree."""
    take_log(site, tmp_path, hands.now - 8 * DAY)
    fold_all(site)
    assert matured(site) == {False: ROWS}
    wait(site, hands, 660.0, look=10.0)
    fold_all(site)
    assert matured(site) == {True: ROWS}
    assert differences(site) == []


def test_f36_windows_close_though_nobody_comes(site: Site, hands: MovedClock) -> None:
    """An exposure closes at its time; a rebuild comes to the same bits, heartbeats included."""
    site.visit(range(50))
    fold_all(site)
    window = next(x.terms.window for x in site.records() if isinstance(x, Decision))
    assert len(opened(site)) == 50
    wait(site, hands, max(window, 600.0) + 120.0)
    assert opened(site) == {}
    fold_all(site)
    assert matured(site) == {True: 50}
    before = learned(site), states(site)
    assert not any(one.differences for one in rebuild_whole(site))
    assert (learned(site), states(site)) == before
    assert differences(site) == []


def test_f36_heartbeats_are_few(site: Site, hands: MovedClock) -> None:
    """A partition without records has none; one without visitors one an hour, and it ends.

    However many workers look, one of them appends.
    """
    assert wait(site, hands, HOUR) == 0
    site.visit(range(1))
    fold_all(site)
    first = wait(site, hands, 2 * HOUR)
    assert 2 <= first == beats(site) <= 5
    hands.move(hands.now + HOUR)
    loop = HeartbeatLoop(site.store, lambda: None)  # type: ignore[arg-type]
    assert (loop.turn(), loop.turn()) == (1, 0)
    wait(site, hands, 11 * DAY, look=HOUR)
    assert beats(site) == LAST
    assert wait(site, hands, DAY, look=HOUR) == 0
    assert differences(site) == []


def test_f36_a_busy_partition_has_none(site: Site, hands: MovedClock) -> None:
    """No heartbeat is due where somebody comes every minute."""
    for visitor in range(0, 8 * 30, 8):
        site.visit(range(visitor, visitor + 1))
        hands.move(hands.now + 50.0)
        assert HeartbeatLoop(site.store, lambda: None).turn() == 0  # type: ignore[arg-type]


def test_f36_a_worker_of_attribute_brings_them(site: Site) -> None:
    """A worker that runs the fold `attribute` lets time pass as well."""
    worker = Worker(site.settings, site.store, "test")
    assert any(isinstance(x, HeartbeatLoop) for x in loops_of(worker, ["attribute"]).values())


def test_f36_who_was_forgotten_in_silence_is_no_difference(site: Site) -> None:
    """The store forgets by its clock: verify knows it, and so does the visitor's next record."""
    with moved_clock(site.store.client, clock.now() - 100 * DAY) as past:
        site.visit(range(1, 9))
        fold_all(site)
        wait(site, past, 8 * DAY, look=HOUR)
        assert opened(site) == {}
        for p in site.store.keys.every_partition():
            for subject in list(site.store.generations.subjects(p, 0)):
                state = states(site)[subject]
                if not state.payments:
                    site.store.client.call("DEL", site.store.keys.visitor(p, subject))
        assert differences(site) == []
        past.move(clock.now())
        late = [one for one in site.records() if isinstance(one, Decision)]
        for one in late:
            p = int(one.subject, 16) % site.store.keys.partitions
            site.store.journal.append_once(p, [Append("", back(one.subject))], closes=False)
        fold_all(site)
        archive(site)
        assert differences(site) == []
        assert not any(one.differences for one in rebuild_whole(site))


def back(subject: str) -> Event:
    """A visitor comes back."""
    return Event(subject, "back", "step", "page", fields={"step": "home"})

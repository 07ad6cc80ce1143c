"""The service watches itself: its troubles open alarms in the store, once, and they end."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest
from places import ROOT
from worker_site import Site

from nudge import clock
from nudge.config.slot_change import Edit
from nudge.config.slot_file import load_slots
from nudge.domain.alarms.alarm import Alarm, AlarmAction, AlarmStatus, AlarmStep
from nudge.domain.alarms.drawn_shares import MILLION, WEEK
from nudge.domain.alarms.process_figures import ProcessFigures
from nudge.domain.alarms.reward_runs import AGE, RunState
from nudge.domain.alarms.service_alarms import ServiceMonitor
from nudge.domain.journal.records import Exposure, JournalEntry, Mark, Ref
from nudge.domain.slots.slot import SlotMode
from nudge.errors import StoreAwayError
from nudge.flows.alarms.reward_watch import RewardWatch
from nudge.flows.folds.learn import LearnFold
from nudge.flows.folds.publish import Publisher
from nudge.flows.upkeep import apply as applying
from nudge.store.service.alarms import StoredAlarm
from nudge.workers.service_loop import ServiceLoop
from nudge.workers.store_check import StoreCheck

START: Final = 1_795_579_200.0
TTL: Final = 60.0


def loop_of(site: Site, owner: str = "one") -> ServiceLoop:
    return ServiceLoop(site.store, owner, TTL, StoreCheck(site.store, site.settings.store_note))


def play(loop: ServiceLoop, start: float, seconds: int) -> list[tuple[str, str]]:
    """Look every ten seconds; return monitors and statuses of what changed."""
    found: list[Alarm] = []
    for at in range(0, seconds, 10):
        found += loop.turn(start + at)
    return [(one.monitor, one.status(start + seconds).value) for one in found]


def freeze(site: Site, mode: SlotMode) -> None:
    current = site.store.slots.current().get("banner")
    slot = current or load_slots(ROOT / "config" / "slots")["banner"]
    changed = replace(slot, mode=mode, revision=slot.revision + 1)
    assert site.store.slots.put(changed, current)


def test_a_frozen_slot_opens_one_alarm_that_ends(site: Site) -> None:
    """It opens after a minute, is not repeated, and is resolved when the slot lives again."""
    freeze(site, SlotMode.FROZEN)
    loop = loop_of(site)
    assert play(loop, START, 600) == [("service.slot_frozen", "open")]
    [stored] = site.store.alarms.unresolved()
    assert stored.alarm.cause == {"slot": "banner"}
    assert "banner" in stored.alarm.sentence["zh"]
    freeze(site, SlotMode.LIVE)
    assert play(loop, START + 600, 600) == [("service.slot_frozen", "resolved")]
    assert site.store.alarms.unresolved() == []


def test_another_worker_goes_on_with_the_same_alarm(site: Site) -> None:
    """A restart opens nothing twice and resolves what the worker before it opened."""
    freeze(site, SlotMode.FROZEN)
    play(loop_of(site), START, 600)
    site.store.alarms.release("one")
    other = loop_of(site, "two")
    assert play(other, START + 600, 600) == []
    freeze(site, SlotMode.LIVE)
    assert play(other, START + 1_200, 600) == [("service.slot_frozen", "resolved")]


def test_what_a_person_resolved_is_not_opened_again_while_it_lasts(site: Site) -> None:
    """The trouble goes on, and somebody knows of it."""
    freeze(site, SlotMode.FROZEN)
    loop = loop_of(site)
    play(loop, START, 600)
    [stored] = site.store.alarms.unresolved()
    step = AlarmStep(START + 600, AlarmAction.RESOLVE, "ops")
    assert site.store.alarms.put(StoredAlarm(stored.alarm.with_step(step), stored.revision))
    assert play(loop, START + 610, 600) == []


def test_a_store_that_was_away_is_told_when_it_is_back(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Troubles seen meanwhile are written then: one alarm, which ends five minutes later."""
    loop = loop_of(site)
    play(loop, START, 60)
    for at in range(60, 300, 10):
        loop.miss(START + at)
    with monkeypatch.context() as patch:
        patch.setattr(site.store.alarms.__class__, "put", _away)
        with pytest.raises(StoreAwayError):
            loop.turn(START + 300)
    told = [("service.store_away", status) for status in ("open", "resolved")]
    assert play(loop, START + 310, 600) == told
    [stored] = site.store.alarms.recent(START)
    assert [one.action for one in stored.alarm.steps] == [AlarmAction.OPEN, AlarmAction.RESOLVE]
    assert stored.alarm.figures == {"figure": 230.0}
    assert stored.alarm.status(START + 10_000) is AlarmStatus.RESOLVED


def test_a_quiet_service_has_no_alarm(site: Site) -> None:
    """Nothing is wrong, nothing is written."""
    assert play(loop_of(site), START, 300) == []
    assert site.store.alarms.recent() == []
    assert ServiceMonitor.FOLD_LAG.value == "service.fold_lag"


def test_a_spool_that_filled_in_an_outage_is_told_at_once(site: Site) -> None:
    """Web processes note their fullest moment; the alarm ends when the spools are empty."""
    notes, loop = site.store.process_notes, loop_of(site)
    notes.put("one", ProcessFigures(0.7))
    notes.put("two", ProcessFigures(0.1))
    loop.turn(START)
    [stored] = site.store.alarms.unresolved()
    assert (stored.alarm.monitor, stored.alarm.figures) == ("service.spool", {"figure": 0.7})
    notes.put("one", ProcessFigures(0.0))
    assert play(loop, START + 10, 400) == [("service.spool", "resolved")]


def test_a_process_that_serves_an_old_policy_is_told(site: Site) -> None:
    """Five minutes with a version that is not the published one, and a minute more; not sooner."""
    freeze(site, SlotMode.LIVE)
    loop = loop_of(site)
    for at in range(0, 600, 10):
        served = "0" if at % 200 else "1"  # each time only for three minutes
        site.store.process_notes.put("one", ProcessFigures(0.0, {"banner": served}))
        assert loop.turn(START + at) == []
    site.store.process_notes.put("one", ProcessFigures(0.0, {"banner": "7"}))
    assert play(loop, START + 600, 300) == []
    assert play(loop, START + 900, 100) == [("service.stale_snapshot", "open")]


def test_news_without_a_publisher_is_told(site: Site) -> None:
    """Counts changed behind the policy that is served, and nobody publishes."""
    freeze(site, SlotMode.LIVE)
    learned(site)
    assert play(loop_of(site), START, 400) == [("service.stale_snapshot", "open")]
    assert site.store.alarms.unresolved()[0].alarm.cause == {"slot": "banner"}


def test_published_news_is_none(site: Site) -> None:
    """Behind a publication nothing waits."""
    freeze(site, SlotMode.LIVE)
    learned(site)
    assert Publisher(site.store, "p", TTL, 0.0).run(0.0) == ["banner"]
    assert play(loop_of(site), START, 400) == []


@pytest.mark.parametrize(("who", "monitor"), [("guard", "harm"), ("page_word", "page_word")])
def test_a_freeze_by_the_service_is_told_at_once_and_why(
    site: Site, who: str, monitor: str
) -> None:
    """The alarm has the words of the audit in both languages, also behind a later change."""
    freeze(site, SlotMode.LIVE)
    edit = Edit(who, "已冻结：少付了。 Frozen: fewer pay.", START)
    applying.patch(site.store, "banner", {"mode": "frozen"}, 2, edit)
    applying.patch(site.store, "banner", {"title": "x"}, 3, Edit("ops", "words", START))
    [alarm] = loop_of(site).turn(START)
    assert alarm.monitor == f"service.{monitor}_freeze"
    assert alarm.sentence["zh"].endswith("已冻结：少付了。")
    assert alarm.sentence["en"].endswith("Frozen: fewer pay.")


def test_the_runs_of_slots_survive_a_restart(site: Site) -> None:
    """A drought that goes on when another worker takes over is not taken to be over."""
    freeze(site, SlotMode.LIVE)
    dry = RunState(int(START), 10_000.0, 1_000.0, 500)
    site.store.reward_runs.put("banner", dry)
    [alarm] = loop_of(site).turn(START)
    assert alarm.cause == {"slot": "banner"}
    site.store.alarms.release("one")
    assert play(loop_of(site, "two"), START + 10, 600) == []
    assert site.store.alarms.unresolved()[0].alarm.monitor == "service.reward_drought"


def test_counts_of_a_slot_are_read_bucket_by_bucket(site: Site) -> None:
    """The watch sees the exposures that `learn` counted, once they are old enough."""
    freeze(site, SlotMode.LIVE)
    watch, slots = RewardWatch(site.store), site.store.slots.current().values()
    watch.look(slots, clock.now() + AGE - 600.0, 0.0)
    learned(site)
    assert watch.look(slots, clock.now() + AGE + 600.0, 0.0)["banner"].exposures == 3
    assert site.store.reward_runs.read()["banner"].run == 3


def test_shares_that_chance_does_not_explain_are_told_at_once(site: Site) -> None:
    """The sums of the fold `monitor` are added up over partitions; honest ones open nothing."""
    week = int(START // WEEK)
    for slot, excess in (("banner", 2_000), ("prefill", 20)):
        for p in site.store.keys.every_partition():
            for variant, sign in (("a", 1), ("b", -1)):
                for kind, number in (("x", sign * excess), ("v", 1_000)):
                    name = f"{slot}\x1f{variant}\x1f{kind}"
                    key = site.store.keys.shares(p, week)
                    site.store.client.call("HSET", key, name, number * MILLION)
    [alarm] = loop_of(site).turn(START)
    assert (alarm.monitor, alarm.cause) == ("service.sample_ratio", {"slot": "banner"})


def learned(site: Site) -> None:
    """Let three exposures be counted; nobody publishes."""
    slot, at = site.store.slots.current()["banner"], clock.now()
    shown = [
        Exposure(
            f"{n:032x}",
            Ref(0, n),
            "banner",
            slot.revision,
            slot.names[0],
            "",
            "policy",
            0.5,
            9.0,
            at,
        )
        for n in range(1, 4)
    ]
    site.store.journal.append_mark(0, Mark("heartbeat"))
    entries = [JournalEntry(0, 1, at, one) for one in shown]
    fold = LearnFold(site.store)
    lease = site.store.folds.acquire(0, fold.name, "one", TTL)
    assert lease is not None
    site.store.folds.commit(lease, fold.handle(0, fold.prepare(0), entries)[1])


def _away(*_: object) -> bool:
    raise StoreAwayError("away")

"""Taking a wrong merge apart: each is a person of its own again, whatever the call died of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flow_people import FRIENDS, MINE, opened, settled, state, tell
from flow_web import NOW, PAGE, SERVER, Web

from nudge import clock, faults
from nudge.domain.choosing.requests import EventRequest
from nudge.domain.credit.closing import advance
from nudge.domain.identity.sealing import Home
from nudge.domain.journal.records import Event, Reward
from nudge.domain.people.visitor import VisitorState
from nudge.domain.people.visitor_codec import encode_state
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.upkeep.erase import Eraser
from nudge.flows.upkeep.rebuild import Rebuild
from nudge.flows.upkeep.split import PeopleSplit, SplitResult
from nudge.flows.upkeep.split_history import SplitHistory
from nudge.flows.upkeep.verification.verify_visitors import verify_visitors
from nudge.lake.files.history import History
from nudge.lake.files.reader import Lake
from nudge.store.journal.appends import Redirect
from nudge.workers.runner import Runner

DAY = 86_400.0


class Killed(BaseException):
    """The end of a process at a point."""


@pytest.fixture
def fold(web: Web) -> Runner[object]:
    made: Any = AttributeFold(web.store)
    return Runner(web.store, made, "test")


@pytest.fixture
def history(web: Web, tmp_path: Path) -> History:
    return History(Lake(tmp_path / "lake"), web.sealer.unseal, web.store.journal.read)


@pytest.fixture
def splitter(
    web: Web, fold: Runner[object], history: History, monkeypatch: pytest.MonkeyPatch
) -> PeopleSplit:
    """The flow; while it waits for the fold, the fold runs."""

    def wait(_: SplitHistory, __: object) -> None:
        settled(fold)

    monkeypatch.setattr(SplitHistory, "_wait", wait)
    return PeopleSplit(web.store, history, web.sealer, 5.0)


def consents(found: VisitorState) -> dict[str, bool]:
    return {one.channel: one.given for one in found.consents}


def amounts(found: VisitorState) -> list[int]:
    return sorted(one.amount for one in found.payments)


def lived(web: Web) -> None:
    """Two visitors, each with an own life, who are taken for one by a bad id; then go on."""
    web.ask("a", "banner", at=NOW)
    web.ask("b", "banner", at=NOW)
    tell(web, "a", "paid", "pa1", amount=10)
    tell(web, "b", "paid", "pb1", amount=100)
    tell(web, "a", "consent", "ca1", channel="sms", given=False)
    tell(web, "b", "consent", "cb1", channel="call", given=False)
    tell(web, "a", "identified", "ia", other_id="shared")
    tell(web, "b", "identified", "ib", other_id="shared")
    tell(web, "a", "paid", "pa2", amount=20)
    tell(web, "b", "paid", "pb2", amount=200)
    tell(web, "a", "consent", "ca2", channel="wap_push", given=False)
    tell(web, "b", "feedback", "fb", caller=PAGE, scene="payment", score=2, text="I am b")


def lasting(web: Web, name: str) -> bytes:
    """The bytes of a state at a time of its own: how a batch was cut says when it was touched."""
    return encode_state(advance(state(web, name), NOW + 1e9))


def agreed(web: Web, history: History) -> None:
    """Every state is that of a replay, and of a rebuild, to the bit."""
    assert not list(verify_visitors(web.store, history, lambda _: None, every=True))


def test_f09_each_is_a_person_of_its_own_again(
    web: Web, fold: Runner[object], splitter: PeopleSplit, history: History
) -> None:
    """Payments, consents, texts: each has what came under its own id, also while they were one."""
    lived(web)
    settled(fold)
    assert amounts(state(web, "a")) == [1000, 2000, 10_000, 20_000]
    done = splitter.split("a", "b")
    settled(fold)
    assert (done.apart, done.untold) == (False, 0)
    assert amounts(state(web, "a")) == [1000, 2000]
    assert amounts(state(web, "b")) == [10_000, 20_000]
    assert consents(state(web, "a")) == {"sms": False, "wap_push": False}
    assert consents(state(web, "b")) == {"call": False}
    assert opened(web, "a").subject != opened(web, "b").subject
    for name, texts in (("a", 0), ("b", 1)):
        found = opened(web, name)
        assert len(web.store.visitors.texts(Home(found.subject, found.partition))) == texts
    agreed(web, history)


def test_f09_what_came_with_one_stays_with_it(
    web: Web, fold: Runner[object], splitter: PeopleSplit
) -> None:
    """Only the merging that made the two one is taken back: the one before it stays."""
    tell(web, "a", "identified", "i1", other_id="cookie")
    tell(web, "a", "paid", "p1", amount=10)
    clock.sleep(0.005)
    tell(web, "b", "identified", "i2", other_id="a")
    tell(web, "b", "paid", "p2", amount=20)
    tell(web, "cookie", "paid", "p3", amount=30)
    settled(fold)
    splitter.split("b", "cookie")
    settled(fold)
    assert opened(web, "a").subject == opened(web, "cookie").subject
    assert amounts(state(web, "cookie")) == [1000, 3000]
    assert amounts(state(web, "b")) == [2000]


def test_f09_a_family_number_goes_to_who_had_it_first(
    web: Web, fold: Runner[object], splitter: PeopleSplit
) -> None:
    """A number is one person's; the other one loses it, and keeps all else."""
    tell(web, "a", "identified", "i1", msisdn=MINE)
    tell(web, "b", "paid", "p1", amount=20)
    clock.sleep(0.005)
    tell(web, "b", "identified", "i2", msisdn=MINE)
    tell(web, "b", "identified", "i3", msisdn=FRIENDS)
    settled(fold)
    # b's second number was joined to all of them.
    splitter.split("a", "b")
    settled(fold)
    assert amounts(state(web, "b")) == [2000]
    assert any(name.startswith("own:") for name in opened(web, "a").numbers)


def test_f09_splitting_twice_changes_nothing(
    web: Web, fold: Runner[object], splitter: PeopleSplit
) -> None:
    """The second call finds two people; what came since stays."""
    lived(web)
    splitter.split("a", "b")
    tell(web, "a", "paid", "later", amount=7)
    settled(fold)
    before = len(web.entries())
    assert splitter.split("b", "a") == SplitResult(apart=True)
    assert len(web.entries()) == before
    assert amounts(state(web, "a")) == [700, 1000, 2000]


def test_f09_the_same_event_is_no_new_one(web: Web, splitter: PeopleSplit) -> None:
    """An event sent before the merging, or while the two were one, is a duplicate afterwards."""
    lived(web)
    splitter.split("a", "b")
    before = len(web.entries())
    for who, name, amount in (
        ("a", "pa1", 10),
        ("a", "pa2", 20),
        ("b", "pb1", 100),
        ("b", "pb2", 200),
    ):
        tell(web, who, "paid", name, amount=amount)
    assert len(web.entries()) == before


def test_f09_a_dry_run_writes_nothing(web: Web, splitter: PeopleSplit) -> None:
    """It tells what would be done."""
    lived(web)
    settled_before = splitter.split("a", "b", dry=True)
    before = len(web.entries())
    assert splitter.split("a", "b", dry=True) == settled_before
    assert len(web.entries()) == before
    assert opened(web, "a").subject == opened(web, "b").subject


@pytest.mark.parametrize("point", ["after_note", "after_leaving", "after_staying", "before_end"])
@pytest.mark.parametrize("order", ["ab", "ba"])
def test_f09_a_split_that_died_can_be_repeated(
    web: Web,
    fold: Runner[object],
    splitter: PeopleSplit,
    history: History,
    monkeypatch: pytest.MonkeyPatch,
    point: str,
    order: str,
) -> None:
    """Dead at any point, with more events meanwhile, the same call does the rest."""
    lived(web)

    def die(name: str, _: str = "") -> None:
        if name == f"split.{point}":
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(faults, "point", die)
        with pytest.raises(Killed):
            splitter.split("a", "b")
    # Meanwhile no refusal is missing on either side.
    settled(fold)
    assert consents(state(web, "a"))["sms"] is False
    assert consents(state(web, "b"))["call"] is False
    tell(web, "a", "paid", "pa3", amount=30)
    tell(web, "b", "paid", "pb3", amount=300)
    splitter.split(*order)
    settled(fold)
    assert amounts(state(web, "a")) == [1000, 2000, 3000]
    assert amounts(state(web, "b")) == [10_000, 20_000, 30_000]
    assert consents(state(web, "a")) == {"sms": False, "wap_push": False}
    assert consents(state(web, "b")) == {"call": False}
    assert splitter.split("a", "b") == SplitResult(apart=True)
    agreed(web, history)


def test_f09_erasing_one_erases_one(web: Web, fold: Runner[object], splitter: PeopleSplit) -> None:
    """Nothing leads from the one to the other any more."""
    lived(web)
    splitter.split("a", "b")
    settled(fold)
    done = Eraser(web.store, web.sealer).erase("a", "test", 0.0)
    settled(fold)
    assert done.found
    assert amounts(state(web, "b")) == [10_000, 20_000]


def test_f09_they_can_be_one_again_and_apart_again(
    web: Web, fold: Runner[object], splitter: PeopleSplit, history: History
) -> None:
    """A split is no verdict: a server's word makes them one again, and a split apart again."""
    lived(web)
    splitter.split("a", "b")
    settled(fold)
    tell(web, "a", "identified", "again", other_id="b")
    settled(fold)
    assert amounts(state(web, "a")) == [1000, 2000, 10_000, 20_000]
    splitter.split("a", "b")
    settled(fold)
    assert amounts(state(web, "a")) == [1000, 2000]
    assert amounts(state(web, "b")) == [10_000, 20_000]
    agreed(web, history)


def test_f09_a_rebuild_comes_to_the_same_bits(
    web: Web, fold: Runner[object], splitter: PeopleSplit, history: History
) -> None:
    """The states after a split are a function of the journal."""
    lived(web)
    splitter.split("a", "b")
    tell(web, "a", "paid", "later", amount=7)
    settled(fold)
    before = [lasting(web, name) for name in ("a", "b")]
    for p in web.store.keys.every_partition():
        done = Rebuild(web.store, history, "r").run("attribute", p, lambda _: None)
        assert done.differences == ()
    assert [lasting(web, name) for name in ("a", "b")] == before


def messages(found: VisitorState) -> list[tuple[str, int]]:
    return [(one.message, one.told) for one in found.contacts]


def test_contacts_and_receipts_go_with_their_id(
    web: Web, fold: Runner[object], splitter: PeopleSplit, history: History
) -> None:
    """Each has its own messages again, with the words that came while the two were one, and since.

    A receipt that came before its message waits with the id that it came under.
    """
    tell(web, "a", "sms_sent", "sa1", message_id="a1")
    tell(web, "b", "sms_failed", "fb2", message_id="b2")
    tell(web, "b", "sms_sent", "sb0")
    tell(web, "a", "identified", "i", other_id="b")
    tell(web, "b", "sms_sent", "sb1", message_id="b1")
    tell(web, "a", "sms_failed", "fa1", message_id="a1")
    settled(fold)
    one = [("", 0), ("m:a1", 1), ("m:b1", 0)]
    assert messages(state(web, "a")) == messages(state(web, "b")) == one
    agreed(web, history)
    splitter.split("a", "b")
    tell(web, "b", "sms_delivered", "db1", message_id="b1")
    tell(web, "b", "sms_sent", "sb2", message_id="b2")
    settled(fold)
    assert messages(state(web, "a")) == [("m:a1", 1)]
    assert messages(state(web, "b")) == [("", 0), ("m:b1", 2), ("m:b2", 1)]
    agreed(web, history)
    before = [lasting(web, name) for name in ("a", "b")]
    for p in web.store.keys.every_partition():
        assert (
            Rebuild(web.store, history, "r").run("attribute", p, lambda _: None).differences == ()
        )
    assert [lasting(web, name) for name in ("a", "b")] == before


def test_a_receipt_behind_an_erasure_is_nobodys(
    web: Web, fold: Runner[object], history: History
) -> None:
    """The word on a forgotten message frees and fills nothing, and verify agrees."""
    tell(web, "a", "sms_sent", "s1", message_id="m")
    settled(fold)
    Eraser(web.store, web.sealer).erase("a", "admin", 0.0)
    tell(web, "a", "sms_failed", "f1", message_id="m")
    settled(fold)
    assert messages(state(web, "a")) == []
    agreed(web, history)


def test_f09_open_exposures_go_with_their_visitor(
    web: Web, fold: Runner[object], splitter: PeopleSplit, history: History
) -> None:
    """The credit of the other one's payment is corrected; what is paid later counts once."""
    now = clock.now()
    one = web.ask("a", "denomination", at=now, caller=SERVER).decisions["denomination"]
    shown = EventRequest("sa", "shown", "a", None, one.decision_id)
    assert web.recorder.record([shown], SERVER, now).accepted == 1
    settled(fold)
    tell(web, "a", "identified", "i", other_id="b")
    tell(web, "b", "paid", "pb", at=None, amount=50)
    settled(fold)
    assert conversions(web) == 1
    splitter.split("a", "b")
    settled(fold)
    assert conversions(web) == 0
    tell(web, "a", "paid", "pa", at=None, amount=30)
    settled(fold)
    assert (conversions(web), amounts(state(web, "a"))) == (1, [3000])
    agreed(web, history)


def conversions(web: Web) -> int:
    rewards = (e.record for e in web.entries() if isinstance(e.record, Reward))
    return sum(one.conversions for one in rewards)


def test_f09_an_old_refusal_counts_for_both(
    web: Web, fold: Runner[object], splitter: PeopleSplit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A journal that does not tell under which id it came, as older versions wrote it."""

    def led(record: Event, to: Redirect) -> Event:
        return replace(record, subject=to.subject)

    def linked(event: Event, **changes: object) -> Event:
        fields = changes.get("fields")
        if isinstance(fields, dict) and fields.get("~via") is True:
            changes["fields"] = {k: v for k, v in fields.items() if k != "~via"}
        return replace(event, **changes)  # type: ignore[arg-type]

    monkeypatch.setattr("nudge.store.journal.journal._led", led)
    monkeypatch.setattr("nudge.store.vault.people.replace", linked)
    lived(web)
    done = splitter.split("a", "b")
    settled(fold)
    stayed, left = ("b", "a") if done.leaves == 0 else ("a", "b")
    assert done.untold >= 4
    assert done.refusals == 1
    assert consents(state(web, left))["wap_push"] is False
    assert consents(state(web, stayed))["wap_push"] is False
    assert len(amounts(state(web, left))) == 1


def test_f09_events_come_all_the_while(
    web: Web, fold: Runner[object], splitter: PeopleSplit, history: History
) -> None:
    """An event between any two steps is nobody's twice, and nobody's never."""
    lived(web)
    sent = {"a": 0, "b": 0}
    run = web.store.client.run

    def busy(name: str, keys: Any, args: Any) -> Any:
        if name == "part" and sum(sent.values()) < 12:
            for who, before in list(sent.items()):
                sent[who] = before + 1
                tell(web, who, "paid", f"busy-{who}-{sent[who]}", amount=sent[who])
        return run(name, keys, args)

    web.store.client.run = busy  # type: ignore[method-assign]
    splitter.split("a", "b")
    web.store.client.run = run  # type: ignore[method-assign]
    settled(fold)
    every = sorted(amounts(state(web, "a")) + amounts(state(web, "b")))
    extra = [100 * n for who in sent for n in range(1, sent[who] + 1)]
    assert every == sorted([1000, 2000, 10_000, 20_000, *extra])
    assert amounts(state(web, "a"))[-2:] == [1000, 2000]
    agreed(web, history)

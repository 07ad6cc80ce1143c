"""The web's answers while the store is away, and what is there when it is back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from child_processes import eventually
from flow_web import NOW, PAGE, Web

from nudge.domain.choosing.requests import DecisionRequest, EventRequest
from nudge.domain.credit.attribution import step
from nudge.domain.journal.records import AWAY, Decision, Event
from nudge.domain.people.visitor import VisitorState
from nudge.errors import SpoolFullError, StoreAwayError
from nudge.flows.serving.drain import drain
from nudge.spool.spool import Spool
from nudge.store.wire.client import Client

Away = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Away:
    """A switch: within it no call of the store is answered."""

    @contextmanager
    def switched_off() -> Iterator[None]:
        with monkeypatch.context() as patch:
            patch.setattr(Client, "_send", _no_answer)
            yield

    return switched_off


def _no_answer(*_: object) -> object:
    raise StoreAwayError("away")


def drained(web: Web) -> int:
    spool = web.decider.spool
    # A page does not wait for a slow disk, so that what it left may not be synced yet.
    assert eventually(lambda: spool.hand_over() or not spool.pending)
    return drain(web.store, web.decider.spool)


def test_a_page_is_answered_from_memory_and_logged_later(web: Web, away: Away) -> None:
    """Degraded answers are draws like others; each is in the journal once, under its id."""
    with away():
        answers = [web.ask(f"v{i}", "denomination", "banner") for i in range(30)]
    given = {d.decision_id: d for a in answers for d in a.decisions.values()}
    assert all(d.degraded and d.reason == "policy" for d in given.values())
    assert not [e for e in web.entries() if isinstance(e.record, Decision)]
    assert drained(web) == 60
    assert drained(web) == 0
    logged = [e for e in web.entries() if isinstance(e.record, Decision)]
    assert {web.sealer.seal(e.ref) for e in logged} == set(given)
    for entry in logged:
        assert isinstance(entry.record, Decision)
        answer = given[web.sealer.seal(entry.ref)]
        assert (entry.record.variant, entry.record.propensity) == (
            answer.variant,
            answer.propensity,
        )
        assert entry.at == NOW
        assert entry.ref.position & AWAY


def test_a_visitor_new_in_the_outage_keeps_its_subject(web: Web, away: Away) -> None:
    """The token of the first answer makes the second agree, and is good when the store is back."""
    with away():
        first = web.ask("v", "banner")
        second = web.ask("v", "banner", device_token=first.device_token)
    assert first.decisions["banner"].variant == second.decisions["banner"].variant
    drained(web)
    after = web.ask("v", "banner", device_token=first.device_token)
    assert after.device_token is not None
    assert len({e.record.subject for e in web.entries() if e.record.subject}) == 1


def test_a_known_visitor_without_token_is_found_when_drained(web: Web, away: Away) -> None:
    """Events of a visitor in the outage are joined to those before."""
    web.ask("v", "denomination")
    with away():
        web.ask("v", "banner")
        web.recorder.record([EventRequest("e", "step", "v", None, None)], PAGE, NOW)
    drained(web)
    subjects = {e.record.subject for e in web.entries() if e.record.subject}
    assert len(subjects) == 1


def test_events_are_accepted_and_arrive_once(web: Web, away: Away) -> None:
    """A batch sent twice in the outage and once after it is in the journal once."""
    batch = [EventRequest(f"e{i}", "step", f"v{i % 5}", None, None) for i in range(40)]
    with away():
        assert web.recorder.record(batch, PAGE, NOW).accepted == 40
        assert web.recorder.record(batch, PAGE, NOW).accepted == 40
    assert drained(web) == 40
    assert web.recorder.record(batch, PAGE, NOW).duplicates == 40
    events = [e for e in web.entries() if isinstance(e.record, Event)]
    assert len(events) == 40
    assert {e.at for e in events} == {NOW}


def test_a_pixel_in_the_outage_finds_its_visitor_later(web: Web, away: Away) -> None:
    """Whose decision it was only the store knows: the event is joined when it is drained."""
    given = web.ask("v", "banner").decisions["banner"]
    with away():
        sent = EventRequest("p", "shown", "", None, given.decision_id)
        assert web.recorder.record([sent], PAGE, NOW).accepted == 1
    drained(web)
    entries = web.entries()
    event = next(e.record for e in entries if isinstance(e.record, Event))
    made = next(e.record for e in entries if isinstance(e.record, Decision))
    assert event.subject == made.subject


def test_without_store_and_spool_pages_get_the_fallback(
    web: Web, away: Away, tmp_path: Path
) -> None:
    """A page is always answered; events are refused with an error that says to come again."""
    tiny = Spool(tmp_path / "tiny", b"k" * 32, 64)
    web.decider = replace(web.decider, spool=tiny)
    web.recorder = replace(web.recorder, spool=tiny)
    with away():
        given = web.ask("v", "denomination").decisions["denomination"]
        assert (given.variant, given.reason, given.propensity) == ("100", "fallback", 1.0)
        with pytest.raises(SpoolFullError):
            web.recorder.record([EventRequest("e", "step", "v", None, None)], PAGE, NOW)


@pytest.mark.parametrize("slot", ["denomination", "banner"])
def test_a_write_whose_answer_was_lost_is_one_exposure(
    web: Web, monkeypatch: pytest.MonkeyPatch, slot: str
) -> None:
    """The journal took the decision, the web never heard: what was answered is told as its twin."""
    run = Client.run

    def deaf(self: Client, name: str, *args: object) -> object:
        run(self, name, *args)  # type: ignore[arg-type]
        raise StoreAwayError("the answer was lost")

    web.ask("v", "prefill")
    opened = Client.run
    with monkeypatch.context() as patch:
        patch.setattr(
            Client,
            "run",
            lambda self, name, *a: (deaf if name == "append_decisions" else opened)(self, name, *a),
        )
        given = web.ask("v", slot).decisions[slot]
    drained(web)
    first, second = [e for e in web.entries() if getattr(e.record, "slot", "") == slot]
    assert web.sealer.seal(second.ref) == given.decision_id
    assert isinstance(first.record, Decision)
    assert isinstance(second.record, Decision)
    assert second.record.twin == first.ref
    assert second.record.variant == first.record.variant == given.variant
    state, exposures = VisitorState(), []
    shown = Event(second.record.subject, "s", "shown", "page", decision=second.ref)
    for entry in (first, second, replace(second, position=99, record=shown)):
        state, begun, _ = step(state, entry)
        exposures += begun
    expected = first.ref if slot == "denomination" else second.ref
    assert [e.decision for e in exposures] == [expected]


def test_a_store_that_goes_between_read_and_write_meets_a_full_spool(
    web: Web, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The visitor was read, then neither store nor spool takes the decision: still an answer."""
    web.decider = replace(web.decider, spool=Spool(tmp_path / "tiny", b"k" * 32, 64))
    run = Client.run

    def going(self: Client, name: str, *args: object) -> object:
        if name == "append_decisions":
            raise StoreAwayError("away")
        return run(self, name, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Client, "run", going)
    given = web.ask("v", "denomination").decisions["denomination"]
    assert (given.variant, given.reason, given.propensity) == ("100", "fallback", 1.0)


def test_many_visitors_in_one_call_wait_for_the_disk_once(
    web: Web, away: Away, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call for 100 visitors costs one sync of the spool, not one for each."""
    appended: list[int] = []
    append = Spool.append

    def counted(self: Spool, contents: Sequence[bytes], patience: float | None = None) -> None:
        appended.append(len(contents))
        append(self, contents, patience)

    monkeypatch.setattr(Spool, "append", counted)
    with away():
        pages = [
            DecisionRequest(f"v{i}", "web", "home", ("denomination", "banner")) for i in range(100)
        ]
        answers = web.decider.decide(web.catalogue, pages, PAGE, NOW)
    assert (len(answers), appended) == (100, [200])
    assert drained(web) == 200

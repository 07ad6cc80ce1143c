"""The driver: who is served when, with what key, and how a run ends."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from stub_service import accepted, given, stub

from lab.simulate import result
from lab.simulate.agenda import Agenda
from lab.simulate.driver import Driver, ServiceAccess, SimulationPlan
from lab.simulate.tally import Tally
from lab.simulate.truth import best_banners
from lab.simulate.visitors import draw_visitor, generator
from nudge.client.api import Api, Patience, RefusedError, ServiceTarget
from nudge.client.figures import VariantTotals

SLOTS = {
    "banner": "pay_tapped|paid",
    "denomination": "pay_tapped|paid",
    "prefill": "prefill_kept+paid",
    "payment_retry": "paid",
    "sms_timing": "paid",
}
DRAWN = {"banner": "data_draw", "denomination": "50", "prefill": "own", "sms_timing": "end"}


def _answer(_method: str, path: str, body: Any) -> tuple[int, Any]:
    if path == "/v1/events":
        return accepted(body)
    found = {
        slot: given(DRAWN.get(slot, "other_method"), f"{body['visitor_id']}-{slot}")
        for slot in body["slots"]
    }
    return 200, {"decisions": found, "device_token": f"token-{body['visitor_id']}"}


def _plan(visitors: int = 300) -> SimulationPlan:
    return SimulationPlan("t", visitors, rate=0, seed=5, speed=1e9, boost=20.0, workers=4)


def test_every_visitor_comes_once_and_every_exposure_has_its_truth() -> None:
    """All visits end; what is counted as exposed is what was asked for and shown."""
    with stub(_answer) as page, stub(_answer) as server:
        ways = ServiceAccess(
            Api(ServiceTarget(page.url, "p")), Api(ServiceTarget(server.url, "s")), SLOTS
        )
        tally = Driver(_plan(), ways).run(lambda _: None)
        asks = [body for _, path, body in page.calls if path == "/v1/decisions"]
        first = {body["visitor_id"] for body in asks if body["page"] in ("home", "sms")}
        shown = [e for e in page.events + server.events if e["type"] == "shown"]
    assert tally.visitors == len(first) == 300
    assert tally.count_exposures("banner") + tally.count_exposures("sms_timing") == len(shown)
    assert 0 < (tally.truth("banner", "data_draw") or 0) < 1
    assert tally.truth("banner", "coffee") is None


def test_payments_come_from_the_server_and_steps_from_the_page() -> None:
    """The page's key sends interaction only; payments and SMS go with the server's key."""
    with stub(_answer) as page, stub(_answer) as server:
        ways = ServiceAccess(
            Api(ServiceTarget(page.url, "p")), Api(ServiceTarget(server.url, "s")), SLOTS
        )
        Driver(_plan(), ways).run(lambda _: None)
        told = {event["type"] for event in page.events}
        facts = {event["type"] for event in server.events}
        ids = [event["event_id"] for event in page.events + server.events]
    assert "paid" in facts
    assert not told & {"paid", "sms_sent", "sms_clicked"}
    assert "step" in told
    assert len(set(ids)) == len(ids)


def test_second_page_sends_the_device_token_of_the_first() -> None:
    """A device that was given a token shows it, as the front end's script does."""
    with stub(_answer) as page:
        api = Api(ServiceTarget(page.url, "p"))
        Driver(_plan(), ServiceAccess(api, api, SLOTS)).run(lambda _: None)
        second = [
            body
            for _, path, body in page.calls
            if path == "/v1/decisions" and body["page"] == "recharge"
        ]
    assert second
    assert all(body["device_token"] == f"token-{body['visitor_id']}" for body in second)


def test_slots_that_the_service_lacks_are_not_asked_for() -> None:
    """An installation may have other slots: only the known ones are part of the question."""
    with stub(_answer) as page:
        api = Api(ServiceTarget(page.url, "p"))
        Driver(_plan(50), ServiceAccess(api, api, {"banner": "paid"})).run(lambda _: None)
        asked = {
            slot
            for _, path, body in page.calls
            if "slots" in (body or {})
            for slot in body["slots"]
        }
    assert asked == {"banner"}


def test_refused_call_ends_the_run_with_its_error() -> None:
    """A thread's error is not swallowed: the run ends, and raises it."""
    with stub(lambda *_: (403, {"code": "forbidden", "message": "no"})) as page:
        api = Api(ServiceTarget(page.url, "p"), Patience(tries=1))
        with pytest.raises(RefusedError, match="forbidden"):
            Driver(_plan(), ServiceAccess(api, api, SLOTS)).run(lambda _: None)


def test_ctrl_c_ends_the_run_in_order() -> None:
    """Breaking off keeps what was counted, and what was told is sent."""
    looks: list[int] = []

    def look(tally: Tally) -> None:
        looks.append(tally.visitors)
        if tally.visitors > 20:
            raise KeyboardInterrupt

    with stub(_answer) as page:
        api = Api(ServiceTarget(page.url, "p"))
        plan = SimulationPlan("t", 100_000, rate=400, seed=5, speed=1e9, boost=1.0, workers=2)
        driver = Driver(plan, ServiceAccess(api, api, SLOTS))
        tally = driver.run(look)
        assert len(page.events) == sum(tally.events.values())
    assert driver.interrupted
    assert 20 < tally.visitors < 100_000


def test_agenda_brings_visitors_at_their_rate() -> None:
    """Ten visitors at 100 a second take 90 ms at least, however many are asked for."""
    agenda: Agenda[int] = Agenda(lambda number: number, 10, 100.0)
    begin, found = time.monotonic(), []
    while (job := agenda.next()) is not None:
        found.append(job)
        agenda.back()
    assert found == list(range(10))
    assert time.monotonic() - begin >= 0.09


def test_agenda_brings_back_who_was_away_and_waits_for_who_is_busy() -> None:
    """A visitor who is away comes back when due; nobody is told of the end while one is served."""
    agenda: Agenda[str] = Agenda(str, 1, 0)
    assert agenda.next() == "0"
    ended = threading.Event()

    def other() -> None:
        while agenda.next() is not None:
            agenda.back()
        ended.set()

    thread = threading.Thread(target=other)
    thread.start()
    assert not ended.wait(0.05)
    agenda.back("0", after=0.05)
    thread.join(5)
    assert ended.is_set()


def test_rows_show_this_run_only() -> None:
    """Figures of earlier runs are taken off; without exposures there is no rate."""
    tally = Tally()
    tally.add_exposure("banner", "a", 0.25)
    tally.add_exposure("banner", "a", 0.75)
    before = {"banner": {"a": VariantTotals(10, 5), "b": VariantTotals(1, 0)}}
    after = {"banner": {"a": VariantTotals(12, 6, 0.9), "b": VariantTotals(1, 0, 0.1)}}
    first, second = result.rows(before, after, tally)
    assert (first.exposures, first.conversions, first.rate, first.truth) == (2, 1, 0.5, 0.5)
    assert (second.exposures, second.rate, second.truth, second.share_now) == (0, None, None, 0.1)
    assert result.table([first, second]).row_count == 2


def test_o07_the_headline_is_the_share_of_visitors_who_got_what_is_best_for_them() -> None:
    """One banner for all falls behind where tastes differ; each visitor's own is all of them."""
    visitors = [draw_visitor(number, generator(3, number)) for number in range(400)]
    best = [best_banners(visitor, 1.0) for visitor in visitors]
    own, same = Tally(), Tally()
    for one in best:
        own.add_fit(fits=min(one) in one, chance=len(one) / 4)
        same.add_fit(fits="data_draw" in one, chance=len(one) / 4)
    assert own.fitting() == (1.0, 0.25)
    assert same.fitting() == (sum("data_draw" in one for one in best) / 400, 0.25)
    assert 0.2 < sum("data_draw" not in one for one in best) / 400 < 0.8
    assert Tally().fitting() is None
    # At the cap several are as good as each other, and chance finds one more often.
    assert any(len(best_banners(visitor, 100.0)) > 1 for visitor in visitors)

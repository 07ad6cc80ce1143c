"""Replay: what is sent for a row, in what order, and that it can be broken off."""

from __future__ import annotations

from typing import Any

import pytest
from places import ROOT
from stub_service import accepted, given, stub

from lab.replay.drive import ReplayProgress, ReplayRun, replay
from lab.replay.mapping import load_mapping
from lab.replay.report import ServiceFigures, report, report_table
from lab.replay.rows import ReplayRow
from nudge.client.api import Api, ServiceTarget
from nudge.errors import InvalidConfigError

EXAMPLE = ROOT / "examples" / "hillstrom" / "mapping.toml"
ROWS = 200


def _customer(number: int) -> ReplayRow:
    converted = number % 4 == 0
    outcomes = ({"type": "clicked"}, {"type": "paid", "amount": 5.0}) if converted else ()
    logged = "mens_email" if number % 2 else "no_email"
    return ReplayRow(number, str(number), {"mens": True}, logged, 1 / 3, converted, outcomes)


def _answer(_method: str, path: str, body: Any) -> tuple[int, Any]:
    if path == "/v1/events":
        return accepted(body)
    number = int(body["visitor_id"].rpartition("-")[2])
    reason = {3: "holdout", 5: "fallback"}.get(number % 7, "policy")
    return 200, {"decisions": {"hillstrom": given("mens_email", f"d{number}", reason)}}


def _run(name: str = "r") -> ReplayRun:
    return ReplayRun(load_mapping(EXAMPLE), name, workers=4)


def test_only_matched_rows_send_anything_and_in_their_order() -> None:
    """Rows whose draw is the logged variant are shown, with reward and events, in their order."""
    with stub(_answer) as service:
        api = Api(ServiceTarget(service.url, "k"))
        replay(api, _run(), map(_customer, range(1, ROWS + 1)), lambda _: None)
        sent = [(event["visitor_id"], event["type"]) for event in service.events]
    matched = [n for n in range(1, ROWS + 1) if n % 2 and n % 7 != 5]
    expected = [
        (f"hillstrom-r-{n}", kind)
        for n in matched
        for kind in ("shown", *(("clicked", "paid") if n % 4 == 0 else ()))
    ]
    assert sent == expected
    assert all(event["decision_id"] == f"d{event['visitor_id'][12:]}" for event in service.events)


def test_every_id_is_new_in_a_new_run_and_the_same_in_the_same() -> None:
    """Ids come from run and row: a second run meets new visitors, a repetition the same ones."""

    def ids(name: str) -> list[str]:
        with stub(_answer) as service:
            api = Api(ServiceTarget(service.url, "k"))
            replay(api, _run(name), map(_customer, range(1, 30)), lambda _: None)
            return [event["event_id"] for event in service.events]

    first = ids("a")
    assert len(set(first)) == len(first)
    assert ids("a") == first
    assert not set(ids("b")) & set(first)


def test_counts_are_what_the_service_should_come_to() -> None:
    """Learnable exposures are those that the policy drew; holdout is served, fallback is not."""
    with stub(_answer) as service:
        api = Api(ServiceTarget(service.url, "k"))
        found = replay(api, _run(), map(_customer, range(1, ROWS + 1)), lambda _: None)
    policy = [n for n in range(1, ROWS + 1) if n % 2 and n % 7 not in (3, 5)]
    assert found.shown == {"mens_email": len(policy)}
    assert found.rows == ROWS
    assert len(found.outcomes) == sum(n % 7 != 5 for n in range(1, ROWS + 1))
    assert found.matched == sum(n % 2 == 1 and n % 7 != 5 for n in range(1, ROWS + 1))


def test_ctrl_c_ends_in_order_with_what_was_done() -> None:
    """Breaking off keeps what was done, sends what was decided on, and the report says so."""

    def look(progress: ReplayProgress) -> None:
        if progress.rows == 50:
            raise KeyboardInterrupt

    with stub(_answer) as service:
        api, run = Api(ServiceTarget(service.url, "k")), _run()
        found = replay(api, run, map(_customer, range(1, ROWS + 1)), look)
        sent = len({event["visitor_id"] for event in service.events})
    assert found.interrupted
    assert found.rows == 50
    assert sent == found.matched
    made = report(run, found, ServiceFigures(caught_up=True, figures={}), 1.0)
    assert made.rows == 50
    assert made.plain["interrupted"] is True
    assert report_table(made) is not None


def test_row_that_cannot_be_read_stops_the_replay() -> None:
    """A bad row is an error and never a customer without a context."""

    def customers() -> Any:
        yield _customer(1)
        raise InvalidConfigError(["log: row 2: visit: no number"])

    with stub(_answer) as service, pytest.raises(InvalidConfigError, match="row 2"):
        replay(Api(ServiceTarget(service.url, "k")), _run(), customers(), lambda _: None)

"""POST /v1/sms/timings: one customer, a list, and a stream of lines."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import pytest
from api_web import Web, bearer
from hypothesis import given
from hypothesis import strategies as st

from nudge.api.plans.timings import BATCH, BLOCK, MAX_LINE, stream_answers
from nudge.api.schemas.timings import load_plain_request, load_plan_request
from nudge.domain.contact.contact import Consent
from nudge.domain.identity.input_rules import InputRules
from nudge.domain.people.visitor import VisitorState
from nudge.domain.people.visitor_codec import encode_state
from nudge.domain.timing.plan_request import PlanRequest
from nudge.domain.values.closed_list import ClosedList
from nudge.errors import StoreAwayError

PATH = "/v1/sms/timings"
LINES = "application/x-ndjson"
RULES = InputRules("CN", ClosedList(("sms",)), ClosedList(("reminder", "promotion")), ("游客",))


def agree(web: Web, *visitors: str) -> None:
    """These customers are known and have agreed to SMS."""
    service = web.service
    state = VisitorState(consents=(Consent("sms", 0.0, given=True),))
    post(web, {"customers": [{"visitor_id": one} for one in visitors]})
    for one in visitors:
        hashed = service.sealer.visitor_hash(one)
        home = service.sealer.partition(hashed, service.store.keys.partitions)
        found = service.store.visitors.known_visitor(home, hashed)
        assert found is not None
        service.store.client.call(
            "SET", service.store.keys.visitor(home, found.subject), encode_state(state)
        )


def post(web: Web, body: object) -> Any:
    """The parsed answer."""
    response = web.post(PATH, body, web.secrets["schedule"])
    assert response.status_code == 200, response.text
    return response.json


def stream(web: Web, body: bytes) -> list[Any]:
    """The parsed lines."""
    headers = bearer(web.secrets["schedule"]) | {"Content-Type": LINES}
    response = web.http.post(PATH, data=body, headers=headers)
    assert response.status_code == 200, response.text
    assert response.mimetype == LINES
    return [json.loads(line) for line in response.data.splitlines()]


def test_one_customer(web: Web) -> None:
    """The exact time with its zone, decision, window, propensity, link; then the same again."""
    agree(web, "ada")
    told = post(web, {"visitor_id": "ada", "slots": ["banner"]})
    assert datetime.fromisoformat(told["send_at"]).utcoffset() is not None
    assert 0 < told["propensity"] <= 1
    assert told["window"] not in told["blocked"]
    assert told["decisions"]["banner"]["decision_id"] != told["decision_id"]
    again = post(web, {"visitor_id": "ada", "slots": ["banner"]})
    assert (again["sticky"], told["sticky"]) == (True, False)
    same = ("send_at", "decision_id", "window", "propensity", "link_token", "blocked")
    assert {name: again[name] for name in same} == {name: told[name] for name in same}
    why = web.get(f"/v1/decisions/{told['decision_id']}").json
    assert (why["reproduced"], why["removed"]) == (True, told["blocked"])
    assert datetime.fromisoformat(why["due"]) == datetime.fromisoformat(told["send_at"])


def test_one_who_may_not_be_written_to(web: Web) -> None:
    """No time, no decision; each window says why."""
    told = post(web, {"visitor_id": "eve"})
    assert told["send_at"] is told["decision_id"] is told["link_token"] is None
    assert told["reason"] in set(told["blocked"].values()) <= {"no_consent", "past", "holiday"}


def test_a_list_keeps_its_order(web: Web) -> None:
    """Each customer is answered in place, with the reason of their own."""
    agree(web, "a", "b")
    wanted = [{"visitor_id": one} for one in ("b", "eve", "a")]
    told = post(web, {"customers": wanted})["results"]
    assert [one["visitor_id"] for one in told] == ["b", "eve", "a"]
    assert [one["send_at"] is None for one in told] == [False, True, False]


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({}, "visitor_id"),
        ({"visitor_id": "a", "slots": ["sms_timing"]}, "slots"),
        ({"visitor_id": "a", "zone": "Nowhere/Land"}, "zone"),
        ({"visitor_id": "a", "purpose": "A B"}, "purpose"),
        ({"customers": []}, "customers"),
        ({"visitor_id": "a", "slots": ["nothing"]}, "slots"),
    ],
)
def test_what_does_not_fit_is_told(web: Web, body: object, key: str) -> None:
    """422, with the field."""
    response = web.post(PATH, body, web.secrets["schedule"])
    assert response.status_code == 422
    assert key in response.json["errors"]


def test_a_stream_answers_each_line_in_order(web: Web) -> None:
    """Bad lines are told and cost no other; empty ones are passed by."""
    agree(web, "ada")
    lines = (
        b'{"visitor_id": "ada"}',
        b"",
        b"no json",
        b'{"visitor_id": "x", "age": 3}',
        b'{"visitor_id": "' + b"y" * 20_000 + b'"}',
        b'{"visitor_id": "eve"}',
    )
    told = stream(web, b"\n".join(lines))
    assert [one.get("code") for one in told] == [None, *["invalid_request"] * 3, None]
    assert [one["visitor_id"] for one in told] == ["ada", None, "x", None, "eve"]
    assert told[0]["send_at"] == post(web, {"visitor_id": "ada"})["send_at"]
    assert stream(web, b"") == []


def test_a_stream_may_be_longer_than_any_other_body(web: Web) -> None:
    """Its lines are bounded, and not their number."""
    limit = max(web.service.settings.max_body, web.service.settings.max_events_body)
    line = b'{"visitor_id": "' + b"z" * 300 + b'"}\n'  # refused: too long for an id
    told = stream(web, line * (limit // len(line) + 2))
    assert len(told) * len(line) > limit
    assert {one["code"] for one in told} == {"invalid_request"}


def test_a_stream_reads_no_further_than_it_answers() -> None:
    """Back-pressure: while nobody takes the answer, nothing more is read than one batch."""
    source = io.BytesIO(b"{}\n" * (100 * BATCH))
    pieces = stream_answers(source, lambda lines, _: lines)
    assert source.tell() == 0
    for number in range(1, 101):
        assert next(pieces) == b"{}" * BATCH
        assert source.tell() < 3 * BATCH * number + BLOCK
    assert next(pieces, None) is None


def test_a_line_that_never_ends_fills_no_memory() -> None:
    """Of a line that is too long as much is kept as shows that; the next is read as any other."""
    source = io.BytesIO(b"x" * (5 * BLOCK) + b"\n{}\n")
    kept: list[bytes] = []
    list(stream_answers(source, lambda lines, _: kept.extend(lines) or []))
    assert (len(kept), kept[1]) == (2, b"{}")
    assert MAX_LINE < len(kept[0]) <= MAX_LINE + 1 + BLOCK


TEXTS = st.text(max_size=4) | st.sampled_from(
    ["reminder", "Promotion ", "0", " a", "Asia/Shanghai", "a\n", "city_tier"]
)
NUMBERS = st.booleans() | st.none() | st.integers() | st.floats()
VALUES = TEXTS | NUMBERS | st.lists(TEXTS, max_size=1)
CONTEXTS = st.dictionaries(TEXTS, VALUES, max_size=3) | VALUES
TABLES = st.fixed_dictionaries(
    {"visitor_id": TEXTS | VALUES},
    optional={"context": CONTEXTS, "purpose": VALUES, "zone": VALUES, "slots": VALUES, "x": VALUES},
)


@given(TABLES)
def test_what_is_plain_is_what_the_schema_has(table: dict[str, Any]) -> None:
    """The quick reading of a line refuses, or gives what the schema gives: one contract."""
    try:
        table = json.loads(json.dumps(table, allow_nan=False))
    except ValueError:
        return
    found = load_plain_request(table, RULES)
    assert found is None or found == load_plan_request(table, RULES)


def test_most_lines_are_plain() -> None:
    """The usual ones are read quickly: otherwise the quick reading would be for nothing."""
    context = {"mobile_before": True, "age": 30, "tier": "mid"}
    assert load_plain_request({"visitor_id": "c-1", "context": context}, RULES) == PlanRequest(
        "c-1", (), context
    )


def test_a_store_that_goes_away(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is answered: 503. In the middle of a stream: each line is told of it."""
    calls: Iterator[int] = iter(range(2))

    def once(lines: Sequence[bytes], _: int) -> Sequence[bytes]:
        if next(calls):
            raise StoreAwayError("gone")
        return lines

    pieces = list(stream_answers(io.BytesIO(b'{"visitor_id": "a"}\n' * (2 * BATCH)), once))
    assert pieces[0] == b'{"visitor_id": "a"}' * BATCH
    told = [json.loads(one) for one in pieces[1].splitlines()]
    assert {(one["visitor_id"], one["code"]) for one in told} == {("a", "store_away")}
    assert len(told) == BATCH

    def refuse(*_: object, **__: object) -> object:
        raise StoreAwayError("gone")

    post(web, {"visitor_id": "ada"})
    monkeypatch.setattr(web.service.planner.store.client, "run", refuse)
    headers = bearer(web.secrets["schedule"])
    assert web.post(PATH, {"visitor_id": "ada"}, web.secrets["schedule"]).status_code == 503
    response = web.http.post(
        PATH, data=b'{"visitor_id": "ada"}\n', headers=headers | {"Content-Type": LINES}
    )
    assert (response.status_code, response.json["code"]) == (503, "store_away")


def test_f20_one_bad_customer_of_a_list_costs_itself(web: Web) -> None:
    """A bad zone, id, context, purpose or slot is answered in its place; the others are planned."""
    agree(web, "ada", "ben")
    wrong = [
        ({"visitor_id": "x", "zone": "Nowhere/Land"}, "zone: "),
        ({"visitor_id": ""}, "visitor_id: "),
        ({"visitor_id": "undefined"}, "visitor_id: "),
        ({"visitor_id": "x", "context": {"a": [1]}}, "context.a: "),
        ({"visitor_id": "x", "purpose": "nonsense"}, "purpose: "),
        ({"visitor_id": "x", "slots": ["nothing"]}, "slot"),
        ({"visitor_id": "x", "age": 3}, "age: "),
        (17, "is no object"),
    ]
    good = [{"visitor_id": "ada"}, {"visitor_id": "ben"}]
    told = post(web, {"customers": [good[0], *(one for one, _ in wrong), good[1]]})["results"]
    assert len(told) == len(wrong) + 2
    assert told[0]["send_at"]
    assert told[-1]["send_at"]
    assert "index" not in told[0]
    for index, (one, (sent, message)) in enumerate(zip(told[1:-1], wrong, strict=True), 1):
        assert (one["index"], one["reason"], one["send_at"]) == (index, "invalid", None)
        assert message in one["message"]
        assert one["visitor_id"] == (sent["visitor_id"] if isinstance(sent, dict) else None)


def test_f20_a_bad_line_says_which_it_is(web: Web) -> None:
    """Lines have an index and the reason, too."""
    agree(web, "ada")
    told = stream(web, b'{"visitor_id": "ada"}\n{"visitor_id": "x", "zone": "No/Where"}\n[]\n')
    assert [one["reason"] for one in told][1:] == ["invalid", "invalid"]
    assert [one.get("index") for one in told] == [None, 1, 2]
    assert told[1]["message"].startswith("zone: ")


def test_f20_a_list_that_is_none_is_refused(web: Web) -> None:
    """A body without a customer, or with something beside them, is a mistake of the call."""
    bodies: list[Any] = [
        {"customers": []},
        {"customers": 3},
        {"customers": [{}], "purpose": "reminder"},
    ]
    for body in bodies:
        response = web.post(PATH, body, web.secrets["schedule"])
        assert response.status_code == 422


@pytest.mark.parametrize("purpose", [" Reminder", "REMINDER", "ｒｅｍｉｎｄｅｒ"])
def test_f03_a_purpose_is_known_in_any_spelling(web: Web, purpose: str) -> None:
    """Case, blanks and width do not matter; a channel goes by its aliases."""
    agree(web, "ada")
    told = post(web, {"visitor_id": "ada", "purpose": purpose, "channel": "短信"})
    again = post(web, {"visitor_id": " ada "})
    assert told["send_at"]
    assert again["decision_id"] == told["decision_id"]


@pytest.mark.parametrize("field", ["purpose", "channel"])
def test_f03_a_word_that_the_policy_lacks_is_refused_with_the_list(web: Web, field: str) -> None:
    """In each form, not planned as something unknown."""
    response = web.post(PATH, {"visitor_id": "ada", field: "nonsense"}, web.secrets["schedule"])
    assert response.status_code == 422
    assert "use one of" in response.json["errors"][field][0]
    (line,) = stream(web, json.dumps({"visitor_id": "ada", field: "nonsense"}).encode())
    assert "use one of" in line["message"]

"""POST /v1/decisions and GET /v1/decisions/{id}."""

from __future__ import annotations

import json
from typing import Any

import pytest
from api_web import ASK, Web

from nudge.domain.journal.records import Decision


def refused(web: Web, body: object, status: int = 422) -> Any:
    response = web.post("/v1/decisions", body)
    assert response.status_code == status, response.text
    return response.json


def test_all_slots_of_a_page_come_in_one_answer(web: Web) -> None:
    """Each slot asked for is answered once, with all that the page needs, in the order asked."""
    answer = web.decide()
    assert list(answer["decisions"]) == ASK["slots"]
    given = answer["decisions"]["denomination"]
    assert set(given) == {
        "decision_id",
        "variant",
        "value",
        "propensity",
        "reason",
        "policy",
        "policy_version",
        "sticky",
        "degraded",
        "free_amount",
    }
    assert given["free_amount"] == {"min": 1, "max": 500, "step": 1}
    assert answer["decisions"]["banner"]["free_amount"] is None
    assert 0 < given["propensity"] <= 1
    assert isinstance(answer["device_token"], str)


def test_a_repeated_call_gets_the_first_decision_again(web: Web) -> None:
    """In the stickiness period the same decision is answered, marked sticky, and not recorded."""
    first, again = web.decide(), web.decide()
    for slot in ASK["slots"]:
        one, two = first["decisions"][slot], again["decisions"][slot]
        assert (two["decision_id"], two["sticky"]) == (one["decision_id"], True)
    assert sum(isinstance(e.record, Decision) for e in web.entries()) == len(ASK["slots"])


def test_many_visitors_are_answered_in_their_order(web: Web) -> None:
    """The bulk form gives each visitor what a call of their own would have given."""
    visitors = [{"visitor_id": f"v-{i}", "context": {"last_amount": 50}} for i in range(100)]
    body = {k: v for k, v in ASK.items() if k != "visitor_id"} | {"visitors": visitors}
    results = web.post("/v1/decisions", body).json["results"]
    assert [one["visitor_id"] for one in results] == [one["visitor_id"] for one in visitors]
    alone = web.decide(visitor_id="v-7")["decisions"]["banner"]["decision_id"]
    assert results[7]["decisions"]["banner"]["decision_id"] == alone


def test_why_tells_and_repeats_the_draw(web: Web) -> None:
    """A decision's record alone gives the variant again."""
    given = web.decide()["decisions"]["denomination"]
    told = web.get(f"/v1/decisions/{given['decision_id']}").json
    assert told["variant"] == given["variant"]
    assert told["reproduced"] is True
    assert sum(told["distribution"].values()) == pytest.approx(1, abs=1e-9)


def test_why_tells_the_floor_of_what_the_policy_drew_only(web: Web) -> None:
    """The floor stands beside the propensity of a draw by the policy; other reasons have none."""
    service = web.get("/v1/slots/denomination").json["serving"]
    made = (web.decide(visitor_id=f"f{n}")["decisions"]["denomination"] for n in range(100))
    drawn = next(one for one in made if one["reason"] == "policy")
    told = web.get(f"/v1/decisions/{drawn['decision_id']}").json
    assert told["reason"] == "policy"
    assert told["floor"] == service["floor"] <= min(told["distribution"].values()) + 1e-12
    force = {"denomination": drawn["variant"]}
    forced = web.decide(web.service.settings.admin_key, visitor_id="forced", force=force)
    told = web.get(f"/v1/decisions/{forced['decisions']['denomination']['decision_id']}").json
    assert told["reason"] == "forced"
    assert "floor" not in told


@pytest.mark.parametrize("decision_id", ["nonsense", "a" * 26, "%00", "ä"])
def test_an_unknown_decision_is_not_found(web: Web, decision_id: str) -> None:
    """Whatever is no decision of ours is 404, in the one form of errors."""
    response = web.get(f"/v1/decisions/{decision_id}")
    assert response.status_code == 404
    assert response.json["code"] == "not_found"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("visitor_id", ""),
        ("visitor_id", "x" * 201),
        ("visitor_id", "a\nb"),
        ("visitor_id", " \n"),
        ("visitor_id", 7.5),
        ("channel", "fax"),
        ("page", "Home"),
        ("page", "home\n"),
        ("page", "x" * 65),
        ("slots", []),
        ("slots", ["banner", "banner"]),
        ("slots", [f"s{i}" for i in range(21)]),
        ("slots", "banner"),
        ("slots", {"banner": 1}),
        ("unheard_of", 1),
        ("msisdn_", "x"),
    ],
)
def test_what_does_not_fit_is_named(web: Web, field: str, value: object) -> None:
    """A wrong field is 422, and `errors` has its name."""
    told = refused(web, ASK | {field: value})
    assert told["code"] == "invalid_request"
    assert field in told["errors"]


@pytest.mark.parametrize("field", ["visitor_id", "channel", "page", "slots"])
def test_a_missing_field_is_named(web: Web, field: str) -> None:
    """Each required field is asked for by name."""
    assert field in refused(web, {k: v for k, v in ASK.items() if k != field})["errors"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"NaN",
        b'{"context": {"a": NaN}}',
        b"\xff\xfe",
        b"[" * 5000,
    ],
)
def test_what_is_no_json_is_400(web: Web, raw: bytes) -> None:
    """NaN is not JSON, and never a 500; 1e999 is, and costs its field (test_api_edges.py)."""
    headers = {"X-API-Key": web.secrets["decide"], "Content-Type": "application/json"}
    response = web.http.post("/v1/decisions", data=raw, headers=headers)
    assert (response.status_code, response.json["code"]) == (400, "bad_json")


@pytest.mark.parametrize("body", [[], "text", 1, {"visitors": []}, {"visitors": 1}])
def test_json_that_is_no_request_is_422(web: Web, body: object) -> None:
    """Well-formed JSON of another shape does not fit."""
    refused(web, body)


def test_a_huge_number_is_only_a_number(web: Web) -> None:
    """An integer beyond 64 bits is taken as the number that it is."""
    raw = b'{"visitor_id":"v","channel":"web","page":"home","slots":["banner"],"context":{"a":%s}}'
    headers = {"X-API-Key": web.secrets["decide"], "Content-Type": "application/json"}
    response = web.http.post("/v1/decisions", data=raw % (b"9" * 40), headers=headers)
    assert response.status_code == 200


def test_a_page_may_ask_without_a_preflight(web: Web) -> None:
    """JSON as plain text with the key in the address is answered as any: browsers ask no leave."""
    path = f"/v1/decisions?key={web.secrets['decide']}"
    response = web.http.post(path, data=json.dumps(ASK), headers={"Content-Type": "text/plain"})
    assert response.status_code == 200
    variants = {slot: told["variant"] for slot, told in response.json["decisions"].items()}
    assert variants == {slot: t["variant"] for slot, t in web.decide()["decisions"].items()}


def test_a_body_beyond_the_limit_is_413(web: Web) -> None:
    """A body larger than the settings allow is refused before it is parsed."""
    body = ASK | {"context": {"a": "x" * web.service.settings.max_body}}
    assert refused(web, body, 413)["code"] == "too_large"


def test_names_that_are_not_configured_are_told(web: Web) -> None:
    """An unknown slot and an unknown forced variant have codes of their own."""
    assert refused(web, ASK | {"slots": ["nothing"]})["code"] == "unknown_slot"
    admin = web.service.settings.admin_key
    body = ASK | {"force": {"banner": "nothing"}}
    assert web.post("/v1/decisions", body, admin).json["code"] == "unknown_variant"


def test_force_needs_admin_as_well(web: Web) -> None:
    """A page key may not choose what is shown; who may both decide and administer can."""
    force = {"force": {"banner": "coffee"}}
    assert web.post("/v1/decisions", ASK | force).status_code == 403
    given = web.decide(web.key("decide", "admin"), **force)["decisions"]["banner"]
    assert (given["variant"], given["reason"]) == ("coffee", "forced")


def test_a_rehearsal_is_logged_and_never_counts(web: Web) -> None:
    """A rehearsal needs admin, shows the fallback, and takes the reason `shadow`."""
    body = {"rehearsal": True, "visitor_id": "rehearsal"}
    assert web.post("/v1/decisions", ASK | body).status_code == 403
    wrong = web.post("/v1/decisions", ASK | body | {"rehearsal": "yes"}, web.key("decide", "admin"))
    assert wrong.status_code == 422
    given = web.decide(web.key("decide", "admin"), **body)["decisions"]
    assert {one["reason"] for one in given.values()} == {"shadow"}
    slots = {name: web.get(f"/v1/slots/{name}").json for name in given}
    fallen = {
        n: one["fallback"].get("home", one["fallback"]["default"]) for n, one in slots.items()
    }
    assert {name: one["variant"] for name, one in given.items()} == fallen
    made = {e.record.slot: e.record for e in web.entries() if isinstance(e.record, Decision)}
    assert {name: one.variant for name, one in made.items()} == fallen
    assert {one.reason for one in made.values()} == {"shadow"}
    again = web.decide(visitor_id="rehearsal")["decisions"]
    assert not any(one["sticky"] for one in again.values())

"""PUT and PATCH of slots while they run: revisions, optimistic locking, audit, modes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from api_web import Web, bearer
from werkzeug.test import TestResponse

from nudge.config.slot_file import load_slot

SLOT = "/v1/slots/banner"
EVEN = {"policy": {"kind": "uniform"}}
"""Draws of all variants at once: a new slot that learns hardly leaves its fallback."""
NEW = {
    "slot": "gift",
    "on": "decision",
    "stickiness": {"period": "1d"},
    "reward": {"event": "paid", "window": "1d"},
    "fallback": {"default": "a"},
    "variants": [{"name": "a", "value": 1}, {"name": "b", "value": 2}],
}


def change(
    web: Web, method: str, path: str, body: object, tag: str | None = None, why: str = ""
) -> TestResponse:
    headers = bearer(web.secrets["admin"]) | ({"If-Match": tag} if tag else {})
    return web.http.open(f"{path}?why={why}", method=method, json=body, headers=headers)


def tag_of(web: Web, path: str = SLOT) -> str:
    return web.get(path).headers["ETag"]


def test_a_new_slot_is_served_at_once_with_its_audit_entry(web: Web) -> None:
    """PUT makes it at revision 1; who, when, what and why are kept."""
    made = change(web, "PUT", "/v1/slots/gift", NEW, why="spring")
    assert (made.status_code, made.json["action"], made.headers["ETag"]) == (201, "create", '"1"')
    assert web.decide(slots=["gift"])["decisions"]["gift"]["variant"] in {"a", "b"}
    (entry,) = web.get("/v1/slots/gift/revisions").json["revisions"]
    assert (entry["revision"], entry["why"], entry["action"]) == (1, "spring", "create")
    assert entry["who"]


def test_the_second_of_two_editors_is_told_what_changed(web: Web) -> None:
    """412 names the current revision and each key that differs from what was looked at."""
    tag = tag_of(web)
    first = change(web, "PATCH", SLOT, {"title": "One"}, tag)
    assert (first.status_code, first.json["revision"]) == (200, 2)
    assert first.json["diff"] == ["title: Promotion banner -> One", "revision: 1 -> 2"][::-1]
    second = change(web, "PATCH", SLOT, {"holdout": 0.1}, tag)
    assert (second.status_code, second.json["code"]) == (412, "precondition_failed")
    assert second.json["errors"]["revision"] == 2
    assert "title: Promotion banner -> One" in second.json["errors"]["changed"]
    again = change(web, "PATCH", SLOT, {"holdout": 0.1}, tag_of(web))
    assert (again.status_code, again.json["title"], again.json["holdout"]) == (200, "One", 0.1)


def test_a_repeated_edit_is_no_second_revision(web: Web) -> None:
    """A caller who did not hear the answer may send the same again."""
    tag = tag_of(web)
    change(web, "PATCH", SLOT, {"title": "One"}, tag)
    again = change(web, "PATCH", SLOT, {"title": "One"}, tag)
    assert (again.status_code, again.json["action"], again.json["revision"]) == (
        200,
        "unchanged",
        2,
    )


def test_an_edit_has_to_say_what_it_changes(web: Web) -> None:
    """Without If-Match somebody else's edit could be lost: 428. A tag that is none: 422."""
    body = web.get(SLOT).json | {"title": "One"}
    body.pop("serving")
    assert change(web, "PUT", SLOT, body).status_code == 428
    assert change(web, "PATCH", SLOT, {"title": "One"}).status_code == 428
    refused = change(web, "PATCH", SLOT, {"title": "One"}, "yesterday")
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["If-Match"])
    assert change(web, "PATCH", "/v1/slots/nothing", {}, '"1"').status_code == 404
    assert change(web, "PUT", SLOT, body, tag_of(web)).json["diff"][-1].endswith("-> One")


def test_a_bad_slot_is_refused_with_the_place(web: Web) -> None:
    """422 names each key; nothing is changed by it."""
    tag = tag_of(web)
    refused = change(
        web, "PATCH", SLOT, {"holdout": 2, "variants": {"coffee": {"enabled": "no"}}}, tag
    )
    assert refused.status_code == 422
    assert set(refused.json["errors"]) == {"holdout", "variants.coffee.enabled"}
    rule = {"variants": {"coffee": {"available": {"when": {"all": [{"attribute": "city"}]}}}}}
    told = change(web, "PATCH", SLOT, rule, tag).json["errors"]
    assert list(told) == ["variants.coffee.available.when.all[0]"]
    assert change(web, "PUT", SLOT, NEW, tag).json["errors"] == {"slot": ["is not 'banner'"]}
    assert tag_of(web) == tag


def test_a_killed_variant_is_seen_by_nobody_from_then_on(web: Web) -> None:
    """Also those to whom it stuck get another one, which names what it supersedes."""
    assert change(web, "PATCH", SLOT, EVEN, tag_of(web)).status_code == 200
    before = {f"v{i}": shown(web, f"v{i}") for i in range(40)}
    fallback = web.get(SLOT).json["fallback"]["default"]
    killed = Counter(v for v in before.values() if v != fallback).most_common(1)[0][0]
    body = {"variants": {killed: {"enabled": False}}}
    assert change(web, "PATCH", SLOT, body, tag_of(web)).status_code == 200
    after = {name: shown(web, name) for name in before}
    assert killed not in after.values()
    assert all(after[n] == v for n, v in before.items() if v != killed)


def test_variants_are_added_and_removed_by_name(web: Web) -> None:
    """A table of names changes, adds and removes; the others stay as they are."""
    body = {"variants": {"tea": {"value": {"text": "Tea"}}, "coffee": None}} | EVEN
    done = change(web, "PATCH", SLOT, body, tag_of(web)).json
    names = [one["name"] for one in done["variants"]]
    assert names == ["data_draw", "triple_gift", "video", "tea"]
    assert {shown(web, f"n{i}") for i in range(200)} == set(names)


def test_an_offer_goes_to_whom_its_rule_names(web: Web) -> None:
    """Added while visitors come, it is drawn for those alone, with their own propensities."""
    when = {"attribute": "city", "in": ["hangzhou"]}
    body = {"variants": {"city": {"value": "offer", "available": {"when": when}}}} | EVEN
    assert change(web, "PATCH", SLOT, body, tag_of(web)).status_code == 200
    for city in ("hangzhou", "ningbo", None):
        context = {} if city is None else {"city": city}
        given = [
            web.decide(visitor_id=f"{city}-{i}", slots=["banner"], context=context)
            for i in range(80)
        ]
        seen = {one["decisions"]["banner"]["variant"] for one in given}
        assert ("city" in seen) == (city == "hangzhou")


@pytest.mark.parametrize("mode", ["shadow", "off"])
def test_only_the_fallback_is_shown_in_shadow_and_off(web: Web, mode: str) -> None:
    """Shadow logs what it would have done, as a draw that repeats; off draws nothing."""
    change(web, "PATCH", SLOT, {"mode": mode} | EVEN, tag_of(web))
    given = [web.decide(visitor_id=f"s{i}", slots=["banner"]) for i in range(60)]
    told = [one["decisions"]["banner"] for one in given]
    assert {one["variant"] for one in told} == {"data_draw"}
    assert {one["propensity"] for one in told} == {1.0}
    reasons = {one["reason"] for one in told} - {"holdout"}
    assert reasons == {"shadow" if mode == "shadow" else "fallback"}
    why = [web.get(f"/v1/decisions/{one['decision_id']}").json for one in told]
    assert all(one["reproduced"] for one in why)
    assert len({one["variant"] for one in why}) == (4 if mode == "shadow" else 1)


def test_what_was_logged_in_shadow_is_not_what_is_shown_later(web: Web) -> None:
    """Live again, a visitor gets a draw; shadow decisions stick to shadow alone."""
    change(web, "PATCH", SLOT, {"mode": "shadow"}, tag_of(web))
    names = [f"s{i}" for i in range(30)]
    for name in names:
        first, second = (reason(web, name) for _ in range(2))
        assert first == second
    change(web, "PATCH", SLOT, {"mode": "live"}, tag_of(web))
    assert {reason(web, name) for name in names} - {"holdout"} == {"policy"}


def test_what_the_api_shows_can_be_put_back(web: Web) -> None:
    """GET without `serving` is a body of PUT that changes nothing."""
    body: dict[str, Any] = web.get(SLOT).json
    body.pop("serving")
    assert change(web, "PUT", SLOT, body, tag_of(web)).json["action"] == "unchanged"
    shipped = load_slot(web.service.settings.config_dir / "slots" / "banner.toml")
    assert web.service.held.catalogue.slots["banner"].slot == shipped


def shown(web: Web, name: str) -> str:
    found: str = web.decide(visitor_id=name, slots=["banner"], force={})["decisions"]["banner"][
        "variant"
    ]
    return found


def reason(web: Web, name: str) -> str:
    found: str = web.decide(visitor_id=name, slots=["banner"])["decisions"]["banner"]["reason"]
    return found


def test_a_limited_promotion_is_served_at_once_and_told(web: Web) -> None:
    """Added over the API with three in stock: three are given, and the slot says how it stands."""
    gift = {"name": "gift", "value": "a gift", "available": {"stock": 3}}
    body = {"variants": {"gift": gift}} | EVEN
    made = change(web, "PATCH", SLOT, body, tag_of(web), why="spring")
    assert made.json["serving"]["stock"] == {"gift": {"stock": 3, "taken": 0, "left": 3}}
    pages = (web.decide(visitor_id=f"v{i}", slots=["banner"]) for i in range(600))
    given = Counter(page["decisions"]["banner"]["variant"] for page in pages)
    assert given["gift"] == 3
    told = web.get(SLOT).json["serving"]["stock"]
    assert told == {"gift": {"stock": 3, "taken": 3, "left": 0}}


@pytest.mark.parametrize(
    ("available", "key"),
    [
        ({"stock": -1}, "variants.coffee.available.stock"),
        ({"stock": "many"}, "variants.coffee.available.stock"),
        ({"exclusive": ""}, "variants.coffee.available.exclusive"),
    ],
)
def test_a_stock_is_a_whole_number(web: Web, available: dict[str, Any], key: str) -> None:
    """A value that is no number of things, and no name of a group, is refused at its place."""
    body = {"variants": {"coffee": {"available": available}}}
    refused = change(web, "PATCH", SLOT, body, tag_of(web))
    assert (refused.status_code, list(refused.json["errors"])) == (422, [key])


def test_the_fallback_cannot_run_out(web: Web) -> None:
    """The fallback must be there for everybody, always."""
    for key, value in (("stock", 5), ("exclusive", "data")):
        body = {"variants": {"data_draw": {"available": {key: value}}}}
        refused = change(web, "PATCH", SLOT, body, tag_of(web))
        assert refused.status_code == 422
        assert list(refused.json["errors"]) == [f"variants.data_draw.available.{key}"]

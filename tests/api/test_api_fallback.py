"""Fallbacks, which the holdout sees: no change takes one away unsaid; and tags of revisions."""

from __future__ import annotations

from typing import Any

import pytest
from api_web import Web, bearer
from werkzeug.test import TestResponse

from nudge.config.slot_change import Edit, plan
from nudge.config.slot_file import dump_slot, parse_slot
from nudge.domain.reports.harm_guard import FREEZE
from nudge.domain.slots.slot import Slot
from nudge.errors import InvalidConfigError
from nudge.flows.upkeep import apply as applying

SLOT = "/v1/slots/banner"
LOST: list[tuple[dict[str, Any], str]] = [
    ({"enabled": False}, "enabled"),
    ({"available": {"ends": "2027-01-01T00:00:00+08:00"}}, "available.ends"),
    ({"available": {"starts": "2027-01-01T00:00:00+08:00"}}, "available.starts"),
    ({"available": {"channels": ["wap"]}}, "available.channels"),
    ({"available": {"pages": ["home"]}}, "available.pages"),
    ({"available": {"requires": ["left_before"]}}, "available.requires"),
    ({"available": {"stock": 5}}, "available.stock"),
    ({"available": {"exclusive": "data"}}, "available.exclusive"),
]
"""A patch of the fallback's variant, and the key that the answer names."""


def change(
    web: Web, method: str, body: object, tag: str = '"1"', path: str = SLOT, **more: str
) -> TestResponse:
    """The answer to a change of a slot."""
    headers = bearer(web.secrets["admin"]) | ({"If-Match": tag} if tag else {})
    named = {name.replace("_", "-"): value for name, value in more.items()}
    return web.http.open(path, method=method, json=body, headers=headers | named)


def table(web: Web, path: str = SLOT) -> Any:
    """The slot as its file has it."""
    return {k: v for k, v in web.get(path).json.items() if k not in {"serving", "revision"}}


@pytest.mark.parametrize(("patch", "key"), LOST)
def test_f37_a_patch_that_takes_the_fallback_away_is_refused(
    web: Web, patch: dict[str, Any], key: str
) -> None:
    """Switched off, for a time or for some visitors: the cure is a new fallback in the change."""
    name = table(web)["fallback"]["default"]
    answer = change(web, "PATCH", {"variants": {name: patch}})
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_request")
    (told,) = answer.json["errors"][f"variants.{name}.{key}"]
    assert "fallback" in told
    assert web.get(SLOT).json["revision"] == 1


def test_f37_the_fallback_cannot_be_taken_out(web: Web) -> None:
    """A variant that is removed is named as the missing fallback."""
    name = table(web)["fallback"]["default"]
    answer = change(web, "PATCH", {"variants": {name: None}})
    assert (answer.status_code, "fallback.default" in answer.json["errors"]) == (422, True)


def test_f37_a_new_fallback_in_the_same_change_is_taken(web: Web) -> None:
    """Then the operator has said what the holdout sees from now on."""
    old = table(web)["fallback"]["default"]
    new = next(one["name"] for one in table(web)["variants"] if one["name"] != old)
    body = {"variants": {old: {"enabled": False}}, "fallback": {"default": new}}
    answer = change(web, "PATCH", body)
    assert (answer.status_code, answer.json["revision"]) == (200, 2)


def test_f37_a_fallback_that_is_off_already_is_no_cure(web: Web) -> None:
    """The new fallback must be there, too: also where it was switched off before."""
    old = table(web)["fallback"]["default"]
    other = next(one["name"] for one in table(web)["variants"] if one["name"] != old)
    assert change(web, "PATCH", {"variants": {other: {"enabled": False}}}).status_code == 200
    answer = change(web, "PATCH", {"fallback": {"default": other}}, '"2"')
    assert answer.status_code == 422
    assert f"variants.{other}.enabled" in answer.json["errors"]


def test_f37_a_page_s_own_fallback_is_guarded_as_well(web: Web) -> None:
    """The variant of one page's fallback is refused by name of the page."""
    path = "/v1/slots/denomination"
    tag = web.get(path).headers["ETag"]
    answer = change(web, "PATCH", {"variants": {"100": {"enabled": False}}}, tag, path)
    assert answer.status_code == 422
    assert "'home'" in answer.json["errors"]["variants.100.enabled"][0]


def test_f37_put_is_guarded_like_patch(web: Web) -> None:
    """Of an existing slot, and of a new one."""
    body = table(web)
    for one in body["variants"]:
        if one["name"] == body["fallback"]["default"]:
            one["enabled"] = False
    assert change(web, "PUT", body).status_code == 422
    made = change(web, "PUT", body | {"slot": "gift"}, "", "/v1/slots/gift")
    assert made.status_code == 422
    assert web.get("/v1/slots/gift").status_code == 404


def without_fallback(web: Web, revision: int) -> Slot:
    """The slot as a file that switches its fallback off."""
    kept = dump_slot(web.service.store.slots.current()["banner"])
    off = kept["fallback"]["default"]
    variants = [one | {"enabled": one["name"] != off} for one in kept["variants"]]
    return parse_slot(kept | {"variants": variants, "revision": revision}, "banner.toml")


def test_f37_apply_is_guarded_like_patch(web: Web) -> None:
    """`nudge apply` names file and key, and writes nothing of the whole set."""
    store = web.service.store
    changes = plan(store.slots.current(), {"banner": without_fallback(web, 2)})
    with pytest.raises(InvalidConfigError, match=r"banner\.toml: variants\..*enabled: .*fallback"):
        applying.apply(store, changes, Edit("ann", "", 1.0))
    assert store.slots.current()["banner"].revision == 1


def test_f37_an_old_mistake_stops_no_emergency(web: Web) -> None:
    """A store may hold a slot without its fallback: it can be read, changed and frozen."""
    store = web.service.store
    before = store.slots.current()["banner"]
    assert store.slots.put(without_fallback(web, 2), before)
    names = [one["name"] for one in table(web)["variants"]]
    off = table(web)["fallback"]["default"]
    other = next(name for name in names if name != off)
    assert change(web, "PATCH", {"variants": {other: {"enabled": False}}}, '"2"').status_code == 200
    applying.patch(store, "banner", FREEZE, 3, Edit("guard", "", 1.0))
    assert store.slots.current()["banner"].mode == "frozen"


TAGS = [
    '"1"',
    "1",
    'W/"1"',
    '"1-gzip"',
    'W/"1-gzip"',
    '"1--gzip"',
    '"1;gzip"',
    '"1-br"',
    '"1-zstd"',
    '"1:gzip"',
    '"7", "1"',
    '"7-gzip" , W/"1-br","9"',
    "*",
]


@pytest.mark.parametrize("tag", TAGS)
def test_f23_a_tag_is_understood_as_proxies_write_it(web: Web, tag: str) -> None:
    """Apache, Jetty and others mark a tag whose answer they compressed; `*` is any revision."""
    answer = change(web, "PATCH", {"title": "One"}, tag)
    assert (answer.status_code, answer.headers.get("ETag")) == (200, '"2"'), answer.text
    assert change(web, "PATCH", {"title": "Two"}, '"1-gzip"').status_code == 412


@pytest.mark.parametrize("tag", ['"2"', '"2-gzip", "3"', '"0"'])
def test_f23_another_revision_is_still_refused(web: Web, tag: str) -> None:
    """A change of another revision than the present one is refused, and told."""
    assert change(web, "PATCH", {"title": "One"}, tag).status_code == 412


@pytest.mark.parametrize("tag", ['"gzip"', '"1 2"', '"-1"', '"1gzip"', "W/", '""', ",", '"1', "**"])
def test_f23_what_is_no_tag_is_refused(web: Web, tag: str) -> None:
    """The message shows a tag that would do."""
    answer = change(web, "PATCH", {"title": "One"}, tag)
    assert (answer.status_code, "If-Match" in answer.json["errors"]) == (422, True)


def test_f23_any_revision_is_one_that_is_there(web: Web) -> None:
    """`If-Match: *` makes no new slot, and `If-None-Match: *` changes no old one."""
    body = table(web) | {"slot": "gift"}
    assert change(web, "PUT", body, "*", "/v1/slots/gift").status_code == 412
    told = change(web, "PUT", table(web) | {"title": "x"}, "", If_None_Match="*")
    assert told.status_code == 412
    made = change(web, "PUT", body, "", "/v1/slots/gift", If_None_Match="*")
    assert made.status_code == 201
    assert change(web, "PATCH", {"title": "x"}, '"1"', If_None_Match='"1-gzip"').status_code == 412
    assert change(web, "PATCH", {"title": "x"}, '"1"', If_None_Match='W/"5"').status_code == 200

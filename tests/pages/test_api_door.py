"""The door of the pages to the API: calls in this process, as the user who is signed in."""

from __future__ import annotations

import pytest
from api_web import Web

from nudge.domain.journal.caller import Caller
from nudge.pages.api_door import ApiDoor, ApiRefusal, api_path

READER = Caller("user:li", frozenset({"read"}), operations=frozenset({"listSlots", "getSlot"}))
WRITER = Caller(
    "user:wang",
    frozenset({"read"}),
    operations=frozenset({"getSlot", "patchSlot", "listRevisions"}),
)


def door(web: Web, caller: Caller) -> ApiDoor:
    """The door of a user."""
    return ApiDoor(web.app.wsgi_app, caller)


def test_a_call_comes_from_the_signed_in_user(web: Web) -> None:
    """The operations of the role are answered, all others refused; the audit names the user."""
    assert {one["slot"] for one in door(web, READER).get("/v1/slots").body["slots"]} >= {"banner"}
    with pytest.raises(ApiRefusal) as refused:
        door(web, READER).change("PATCH", "/v1/slots/banner", {"mode": "frozen"})
    assert (refused.value.answer.status, refused.value.code) == (403, "forbidden")
    slot = door(web, WRITER).get("/v1/slots/banner")
    door(web, WRITER).change(
        "PATCH", "/v1/slots/banner", {"mode": "frozen"}, if_match=slot.etag, why="a test"
    )
    newest = door(web, WRITER).get("/v1/slots/banner/revisions").body["revisions"][0]
    assert (newest["who"], newest["why"]) == ("user:wang", "a test")


def test_a_change_of_what_has_changed_is_refused(web: Web) -> None:
    """The second of two who saw the same revision gets 412, as a value where it is expected."""
    slot = door(web, WRITER).get("/v1/slots/banner")
    for mode, status in (("frozen", 200), ("live", 412)):
        told = door(web, WRITER).change(
            "PATCH", "/v1/slots/banner", {"mode": mode}, if_match=slot.etag, expect={412}
        )
        assert told.status == status


def test_no_header_makes_a_caller(web: Web) -> None:
    """The caller of the pages is an entry of this process; what a client sends becomes HTTP_*."""
    for name in ("nudge.caller", "Nudge-Caller", "nudge_caller", "HTTP_NUDGE_CALLER"):
        assert web.http.get("/v1/slots", headers={name: "user:li"}).status_code == 401


def test_parts_of_a_path_stay_parts() -> None:
    """A name from outside cannot leave its place in a path."""
    assert api_path("/v1/slots/{}", "../x?y#z") == "/v1/slots/..%2Fx%3Fy%23z"


def test_a_name_in_another_script_comes_through(web: Web) -> None:
    """Chinese in a path is answered as that name, here by 404 with the name in it."""
    told = door(web, READER).get(api_path("/v1/slots/{}", "横幅"), expect={404})
    assert told.status == 404
    assert "横幅" in told.body["message"]

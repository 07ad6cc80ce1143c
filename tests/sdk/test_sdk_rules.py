"""Rules of the SDK with each transport, on stand-ins of what a browser and WeChat give.

`node/rules.js` plays them with the file that is served; here is what has to come out.
"""

from __future__ import annotations

from typing import Any

import pytest
from sdk_node import SERVED, play_rules

KINDS = ("fetch", "xhr", "wx")
BROWSERS = ("fetch", "xhr")
TOKEN = "token-1"  # noqa: S105 - no secret
DEFAULT = {"value": "own", "reason": "default"}
DECIDED = {
    "decision_id": "id-banner",
    "variant": "b",
    "value": "their banner",
    "reason": "policy",
}
_PLAYED: dict[str, dict[str, Any]] = {}


def played(kind: str, rule: str) -> Any:
    """Return what happened: all rules of a transport are played at once, in one process."""
    if kind not in _PLAYED:
        _PLAYED[kind] = play_rules(SERVED, kind)
    return _PLAYED[kind][rule]


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_is_told_what_the_service_decided(kind: str) -> None:
    """One call for all slots; the key in the address, the page's attributes, then the token."""
    told = played(kind, "answered")
    assert [one["banner"] for one in told["shown"]] == [DECIDED]
    assert told["url"] == "https://nudge.example/v1/decisions?key=a%20key"
    body = told["body"]
    assert body["page"] == "home"
    assert body["slots"] == ["banner", "denomination"]
    assert body["context"] == {"page": "home", "city_tier": "1"}
    assert body["device_token"] is None
    assert told["second"]["device_token"] == TOKEN
    assert told["second"]["visitor_id"] == body["visitor_id"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_late_answer_changes_nothing(kind: str) -> None:
    """The defaults come with the budget and stay; no exposure is told of what nobody saw."""
    told = played(kind, "late")
    assert (told["before"], told["at_budget"]) == (0, 1)
    assert told["shown"] == told["again"] == [{"banner": DEFAULT}]
    assert told["events"] == []
    assert told["token"] == TOKEN


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_answer_gives_the_defaults_at_once(kind: str) -> None:
    """No network, an error, a page of somebody else: nobody waits for the budget then."""
    told = played(kind, "broken")
    assert set(told) == {"none", "html", "error", "null"}
    assert all(shown == [{"banner": DEFAULT}] for shown in told.values())


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_gets_the_same_answer_again(kind: str) -> None:
    """An answer stands for half an hour; only the slot that has none is asked for."""
    told = played(kind, "remembered")
    assert told["first"][0]["banner"] == told["second"][0]["banner"] == DECIDED
    assert told["called"] == [["banner"], ["denomination"]]
    assert told["later"] == 3


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_is_kept_until_it_is_acknowledged(kind: str) -> None:
    """Two events of a moment are one call; the exposure's id follows from its decision."""
    told = played(kind, "acknowledged")
    assert (told["kept"], told["left"]) == (2, 0)
    (batch,) = told["events"]
    shown = next(one for one in batch["events"] if one["type"] == "shown")
    assert (shown["event_id"], shown["decision_id"]) == ("sid-1", "id-1")


@pytest.mark.parametrize("kind", KINDS)
def test_what_nobody_acknowledged_comes_again(kind: str) -> None:
    """No answer, an error, a portal's page, a limit: the same ids again, later and later.

    The next page sends them at once.
    """
    told = played(kind, "repeated")
    assert told["tries"] == [0, 5_000, 15_000, 35_000, 75_000]
    assert (told["left"], told["same"], told["gone"]) == (2, 1, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_has_25_events(kind: str) -> None:
    """Sixty events are three calls, and none is sent twice."""
    told = played(kind, "batches")
    assert (told["sizes"], told["distinct"], told["left"]) == ([25, 25, 10], 60, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_hundred_events_wait_at_most(kind: str) -> None:
    """The oldest events go first where the service stays away."""
    assert played(kind, "bounded") == {"kept": 100, "newest": True, "oldest": False}


@pytest.mark.parametrize("kind", KINDS)
def test_a_storage_that_throws_is_done_without(kind: str) -> None:
    """A private window is answered, and tells its exposure."""
    told = played(kind, "storage_throws")
    assert told["shown"] == [{"banner": DECIDED}]
    assert [one["event_id"] for one in told["events"][0]["events"]] == ["sid-banner"]
    assert told["visitor"]


@pytest.mark.parametrize("kind", KINDS)
def test_two_tabs_lose_nothing_of_each_other(kind: str) -> None:
    """Both tabs' events are kept, and one exposure that both tell is one."""
    assert played(kind, "two_tabs") == {"names": 3, "visitors": 1, "left": 0}


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_clock_costs_no_event(kind: str) -> None:
    """Events tell how long ago they were, and never a time."""
    told = played(kind, "clock")
    assert told["ages"] == [0, 5]
    assert told["timed"] is False


@pytest.mark.parametrize("kind", KINDS)
def test_a_storage_that_others_wrote_into_is_survived(kind: str) -> None:
    """An entry that cannot be read is removed, and costs nothing beside it."""
    told = played(kind, "corrupt")
    assert (told["sent"], told["left"]) == (1, 0)
    assert told["shown"][0]["denomination"]["reason"] == "policy"


@pytest.mark.parametrize("kind", KINDS)
def test_the_amount_chosen_on_home_is_carried(kind: str) -> None:
    """The recharge page shows it without asking; half an hour later it is decided anew."""
    told = played(kind, "carried")
    assert told["there"][0]["denomination"] == {"value": 30, "reason": "carried"}
    assert told["asked"] == [["banner"]]
    assert told["same"][0]["denomination"]["reason"] == "policy"
    assert told["late"][0]["denomination"]["reason"] == "policy"


@pytest.mark.parametrize("kind", KINDS)
def test_a_failed_payment_is_a_new_question(kind: str) -> None:
    """The retry is asked anew for each failure, with its reason; the rest stays as it is shown."""
    told = played(kind, "failed")
    assert [one["slots"] for one in told["asked"]] == [
        ["payment_retry", "banner"],
        ["payment_retry"],
        ["payment_retry"],
    ]
    first, second = (one["context"] for one in told["asked"][1:])
    assert (first["failure_reason"], first["method"]) == ("insufficient_balance", "card")
    assert (second["failure_reason"], second["method"]) == ("unknown", "wallet")
    assert second["failed_at"] > first["failed_at"]
    assert [one["type"] for one in told["events"]] == ["payment_failed"] * 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_link_shows_only_what_the_page_lists(kind: str) -> None:
    """QA picks a listed variant by the address: it is not asked for and has no id to count."""
    told = played(kind, "overridden")
    picked = {link for link, reasons in told.items() if reasons == ["override", "policy+"]}
    assert picked == {"nudge.banner=coffee", "x=1&nudge.banner=coffee&y"}
    assert all(r == ["policy+", "policy+"] for link, r in told.items() if link not in picked)


@pytest.mark.parametrize("kind", KINDS)
def test_ids_are_unique_without_cryptography(kind: str) -> None:
    """A thousand events and fifty visitors of one millisecond have ids of their own."""
    assert played(kind, "unique") == {"ids": 1000, "visitors": 50}


@pytest.mark.parametrize("kind", KINDS)
def test_a_phone_number_is_never_stored(kind: str) -> None:
    """The number is sent with the device's token, again if need be, and is not in the storage."""
    told = played(kind, "number")
    assert told["stored"] is False
    assert told["numbers"] == [["13812345678", TOKEN]] * 2


@pytest.mark.parametrize("kind", KINDS)
def test_ids_of_the_page_s_own_server_count(kind: str) -> None:
    """A visitor's id and a token that a server gave are used, and kept for the next page."""
    told = played(kind, "own_ids")
    assert told == {"first": ["login-1", "from-server"], "next": ["login-1", TOKEN]}


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_may_bring_its_own_transport(kind: str) -> None:
    """Everything goes through it, and no error of it reaches the page."""
    told = played(kind, "own_transport")
    assert told["shown"] == [{"banner": {"value": 1, "reason": "policy"}}]
    assert (told["calls"] > 1, told["others"]) == (True, 0)


@pytest.mark.parametrize("kind", BROWSERS)
def test_a_beacon_comes_first_and_a_call_confirms_it(kind: str) -> None:
    """The beacon goes at once, the event stays until a call with an answer names it again."""
    told = played(kind, "beacon_first")
    assert told["beacons"] == told["confirmed"] == ["sid-1", "sid-2"]
    assert (told["before"], told["calls"], told["kept"], told["left"]) == (0, 0, 2, 0)


@pytest.mark.parametrize("kind", BROWSERS)
def test_a_refused_beacon_is_a_call_at_once(kind: str) -> None:
    """A browser whose beacons are full, or throw, sends by a call."""
    assert played(kind, "beacon_refused") == {"refused": ["sid-1"], "thrown": ["sid-1"]}


@pytest.mark.parametrize("kind", BROWSERS)
def test_a_page_that_closes_sends_what_it_has(kind: str) -> None:
    """`pagehide` sends at once, at most 25 a beacon, and nothing twice."""
    assert played(kind, "hidden") == {"sizes": [25, 5], "after": 2}


@pytest.mark.parametrize("kind", BROWSERS)
def test_a_page_from_the_back_forward_cache_confirms(kind: str) -> None:
    """A restored page asks at once for what was cut off; a page that is new does so by itself."""
    assert played(kind, "restored") == {"before": 1, "fresh": 1, "after": 2, "left": 0}


@pytest.mark.parametrize("kind", BROWSERS)
def test_seen_is_half_of_it_for_a_second(kind: str) -> None:
    """Less, shorter, and behind another tab do not count; an old browser counts a second."""
    told = played(kind, "seen")
    assert [told[name] for name in ("none", "part", "brief", "hidden")] == [0, 0, 0, 0]
    assert (told["seen"], told["old"]) == (1, 2)


def test_a_promise_comes_where_there_are_some() -> None:
    """Without promises the callback is all; with them both get the same."""
    assert played("fetch", "promised") == {"promise": True, "reason": "policy"}
    assert played("xhr", "promised") == {"promise": False}

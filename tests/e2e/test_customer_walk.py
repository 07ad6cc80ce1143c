"""A new customer, over HTTP, from the first look to the next recharge a month later."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from child_processes import eventually, free_port
from e2e_service import PAGE_KEY, Service, serving
from skewed_clock import Clock

from nudge.client.api import Api, ServiceTarget

MINE = "13812345678"
MONTH = 30 * 86_400.0
IDS = count()


@dataclass
class Device:
    """A browser: it keeps its token, and knows nothing but the page key."""

    service: Service
    visitor: str
    token: str | None = None
    seen: list[Any] = field(default_factory=list)

    @property
    def api(self) -> Api:
        """With the page key."""
        return Api(ServiceTarget(self.service.url, PAGE_KEY))

    def page(self, page: str, *slots: str, **context: object) -> dict[str, Any]:
        """The answer of a page in its slots."""
        body = {
            "visitor_id": self.visitor,
            "channel": "wap",
            "page": page,
            "slots": list(slots),
            "context": context,
            "device_token": self.token,
        }
        answer = self.api.post("/v1/decisions", body)
        self.token = answer["device_token"]
        self.seen.append(answer)
        found: dict[str, Any] = answer["decisions"]
        return found

    def tell(self, kind: str, **fields: object) -> None:
        """One event of the page."""
        tell(self.api, self.visitor, kind, **fields)


def tell(api: Api, visitor: str, kind: str, **fields: object) -> None:
    """One event, which is taken."""
    event = {"event_id": f"e{next(IDS)}", "type": kind, "visitor_id": visitor, **fields}
    answer = api.post("/v1/events", {"events": [event]})
    assert (answer["accepted"], answer["rejected"]) == (1, []), answer


@pytest.fixture(scope="module")
def clock() -> Iterator[Clock]:
    with tempfile.TemporaryDirectory(prefix="nudge-clock-") as directory:
        yield Clock(Path(directory) / "clock")


@pytest.fixture(scope="module")
def walked(clock: Clock) -> Iterator[Service]:
    """A service of its own, whose wall clock can be moved."""
    with (
        tempfile.TemporaryDirectory(prefix="nudge-walk-") as directory,
        serving(Path(directory) / "data", free_port(), **clock.environ) as running,
    ):
        yield running


def newcomer(service: Service) -> Device:
    """A device whose first look shows 100 (the floor gives others to a few), and not held out.

    Each service draws its holdout anew and for ever: who is in it is not filled in later, either.
    """
    for number in range(20):
        device = Device(service, f"new-{number}")
        home = device.page("home", "denomination", "prefill", "banner")
        why = service.api.get(f"/v1/decisions/{home['denomination']['decision_id']}")
        assert max(why["distribution"], key=why["distribution"].get) == "100"
        if home["denomination"]["value"] == 100 and home["prefill"]["reason"] != "holdout":
            assert home["prefill"]["variant"] == "blank"
            assert "number" not in home["prefill"]["value"]
            return device
    raise AssertionError("nobody of 20 was shown the fallback and is not held out")


def test_a_new_customer_walks_to_the_end_and_comes_back(walked: Service, clock: Clock) -> None:
    """Home, a number, recharge, a failure, the retry, paid; a month later all is filled in."""
    phone = newcomer(walked)

    phone.tell("step", step="number", msisdn=MINE, device_token=phone.token)
    recharge = phone.page("recharge", "denomination", "prefill")
    assert recharge["prefill"]["variant"] == "carried"
    assert recharge["prefill"]["value"]["number"] == MINE
    assert recharge["denomination"]["value"] in (10, 30, 50, 100, 300, 500)
    assert recharge["denomination"]["free_amount"] == {"min": 1, "max": 500, "step": 1}

    phone.tell("prefill_kept", decision_id=recharge["prefill"]["decision_id"])
    phone.tell("step", step="pay_tapped")
    phone.tell("payment_failed", reason="timeout", method="wechat")
    assert eventually(lambda: retry(phone)["reason"] != "fallback", 60)
    offer = retry(phone)
    why = walked.api.get(f"/v1/decisions/{offer['decision_id']}")
    assert why["context"]["failure_reason"] == "soft"
    assert set(why["distribution"]) >= {"same_method", "other_method", "remind_later", "nothing"}

    tell(walked.api, phone.visitor, "paid", amount=100, msisdn=MINE)
    assert walked.settled()
    assert retry(phone)["reason"] == "fallback"
    # What a process could not write at once waits in its spool, of which no fold knows.
    counted = 0 if offer["reason"] == "holdout" else 1  # a twentieth is held out
    assert eventually(lambda: conversions(walked) == counted, 60)

    clock.jump(MONTH)
    home = phone.page("home", "denomination", "prefill")
    why = walked.api.get(f"/v1/decisions/{home['denomination']['decision_id']}")
    assert why["context"]["last_amount"] == 100
    why = walked.api.get(f"/v1/decisions/{home['prefill']['decision_id']}")
    assert set(why["distribution"]) == {"last_on_device", "most_frequent", "blank"}
    # A page whose store took too long is answered, without what only the owner may see.
    assert eventually(lambda: filled_in(phone) == {MINE}, 60)

    other = Device(walked, phone.visitor)
    home = other.page("home", "denomination", "prefill")
    assert home["prefill"]["value"] == {"source": "blank"}
    why = walked.api.get(f"/v1/decisions/{home['denomination']['decision_id']}")
    assert "last_amount" not in why["context"]
    assert MINE[3:7] not in str(other.seen)
    clock.jump(0.0)


def filled_in(device: Device) -> set[str]:
    """The numbers that thirty pages are filled in with."""
    filled = [device.page(f"p{page}", "prefill")["prefill"] for page in range(30)]
    return {one["value"].get("number") for one in filled if one["variant"] != "blank"}


def conversions(service: Service) -> int:
    """Those of the offers behind failed payments."""
    return sum(one["conversions"] for one in service.performance("payment_retry")["variants"])


def retry(device: Device) -> dict[str, Any]:
    """The answer to the small window that stayed open."""
    found: dict[str, Any] = device.page("pay", "payment_retry")["payment_retry"]
    return found


def test_a_hard_failure_is_never_tried_again(walked: Service) -> None:
    """Over many customers whose card was refused for good, the same method is never offered."""
    offers: set[str] = set()
    devices = [Device(walked, f"hard-{number}") for number in range(40)]
    for device in devices:
        device.page("pay", "payment_retry")
        device.tell("payment_failed", reason="card_expired", method="card")
    # All have failed before anybody is asked: the folds are waited for once.
    for device in devices:
        assert eventually(lambda d=device: retry(d)["reason"] != "fallback", 60)  # type: ignore[misc]
        offer = retry(device)
        offers.add(offer["variant"])
        why = walked.api.get(f"/v1/decisions/{offer['decision_id']}")
        offers |= set(why["distribution"])
    assert offers == {"other_method", "remind_later", "nothing"}

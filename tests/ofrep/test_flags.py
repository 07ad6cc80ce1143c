"""POST /ofrep/v1/evaluate/flags/{key}: one slot as a flag."""

from __future__ import annotations

from typing import Any

import pytest
from ofrep_site import ALL, VISITOR, FlagSite

from nudge.domain.measures.measure import SLOT as MEASURE
from nudge.domain.slots.window import SLOT as PLANNED

PAGES = ["banner", "denomination", "payment_retry", "prefill"]


def test_a_flag_is_the_decision_of_its_slot(site: FlagSite) -> None:
    """A flag and the page's own call give one decision: same variant, value, id and propensity."""
    flag = site.one("banner")
    made = site.web.decide(slots=["banner"])["decisions"]["banner"]
    assert (flag["key"], flag["variant"], flag["value"]) == (
        "banner",
        made["variant"],
        made["value"],
    )
    told = flag["metadata"]
    for name in ("decision_id", "propensity", "policy", "policy_version", "reason", "degraded"):
        assert told[name] == made[name]
    assert made["sticky"]


def test_metadata_is_scalar(site: FlagSite) -> None:
    """OpenFeature's metadata hold text, numbers, true and false: nothing nested, no null."""
    for key in PAGES:
        told = site.one(key)["metadata"]
        assert all(isinstance(value, str | int | float | bool) for value in told.values())
    told = site.one("denomination")["metadata"]
    free = [told[f"free_amount_{name}"] for name in ("min", "max", "step")]
    assert free == [1, 500, 1]


def test_channel_and_page_have_defaults(site: FlagSite) -> None:
    """A context without channel and page is one of the web's home page."""
    site.ask(f"{ALL}/banner", {"targetingKey": "v-2"})
    (made,) = site.decisions()
    assert (made.channel, made.page) == ("web", "home")
    site.one("denomination", channel="WAP", page="recharge")
    assert (site.decisions()[-1].channel, site.decisions()[-1].page) == ("wap", "recharge")


@pytest.mark.parametrize("key", ["nothing", "a/b", "..", "旗", PLANNED, MEASURE, "x" * 3000])
def test_an_unknown_flag_is_not_found(site: FlagSite, key: str) -> None:
    """A key that is no slot of pages is answered 404, in the protocol's form, and logs nothing."""
    response = site.ask(f"{ALL}/{key}", VISITOR)
    assert response.status_code == 404
    assert response.json["key"] == key
    assert response.json["errorCode"] == "FLAG_NOT_FOUND"
    assert site.decisions() == []


def test_no_number_is_repeated(site: FlagSite) -> None:
    """A number in a key is masked in the error, as everywhere."""
    answer = site.ask(f"{ALL}/13812345678", VISITOR).json
    assert "13812345678" not in str(answer)


NO_KEY: list[Any] = [{}, {"targetingKey": None}, {"targetingKey": ""}, {"targetingKey": "  "}]


@pytest.mark.parametrize("context", [None, *NO_KEY])
def test_without_a_targeting_key_there_is_no_visitor(site: FlagSite, context: object) -> None:
    """A missing targeting key is told as such, for one flag and for all."""
    one, every = site.ask(f"{ALL}/banner", context), site.ask(ALL, context)
    assert (one.status_code, every.status_code) == (400, 400)
    assert one.json["errorCode"] == every.json["errorCode"] == "TARGETING_KEY_MISSING"
    assert one.json["key"] == "banner"
    assert "key" not in every.json


WRONG = ["text", 7, [1], True]
NOBODY = ["undefined", {"a": 1}, ["v-1"], True, "a\x00b", "x" * 201, 1.5]


@pytest.mark.parametrize("context", [*WRONG, *({"targetingKey": one} for one in NOBODY)])
def test_a_context_that_names_nobody_is_invalid(site: FlagSite, context: object) -> None:
    """A context that is no table, or whose targeting key is no id, is INVALID_CONTEXT."""
    for path in (f"{ALL}/banner", ALL):
        response = site.ask(path, context)
        assert (response.status_code, response.json["errorCode"]) == (400, "INVALID_CONTEXT")
        assert response.json["errorDetails"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"null", b'{"context": NaN}', b"\xff"])
def test_a_body_that_is_no_json_object_is_a_parse_error(site: FlagSite, body: bytes) -> None:
    """Whatever else comes as a body is PARSE_ERROR, never a 500."""
    headers = {"Authorization": f"Bearer {site.web.secrets['decide']}"}
    for path in (f"{ALL}/banner", ALL):
        response = site.web.http.post(
            path, data=body, headers=headers, content_type="application/json"
        )
        assert (response.status_code, response.json["errorCode"]) == (400, "PARSE_ERROR")


HOSTILE: dict[str, Any] = {
    "email": "ada@example.com",
    "user": {"name": "Ada", "roles": ["admin"]},
    "tags": ["a", "b"],
    "long": "x" * 201,
    "far": 1e308 * 10,
    "n" * 65: 1,
    "": 1,
    "__proto__": {"x": 1},
    "channel": "ios",
    "page": "/Some Page?",
    "device_token": "forged",
    "link_token": 7,
    "msisdn": "13812345678",
    "city_tier": "2",
}


def test_a_context_may_hold_anything(site: FlagSite) -> None:
    """A member that is no attribute costs itself: the metadata name it, and no record has it."""
    flag = site.one("banner", **HOSTILE)
    left_out = flag["metadata"]["left_out"].split(", ")
    assert {"channel", "page", "msisdn", "user", "tags", "long"} <= set(left_out)
    assert "email" not in left_out  # it may be an attribute of some rule
    (made,) = site.decisions()
    assert dict(made.context) == {"channel": "web", "city_tier": "2"}
    assert "example.com" not in repr(made)


def test_many_attributes_are_bounded(site: FlagSite) -> None:
    """Of more than 50 attributes the first 50 are looked at, and that is told."""
    flag = site.one("banner", **{f"a{i}": i for i in range(500)})
    assert flag["metadata"]["left_out"] == "context"


def test_keys_scopes_and_limits_are_those_of_the_api(site: FlagSite) -> None:
    """No key is 401, another scope 403, and either header carries a key."""
    body = {"context": VISITOR}
    key = site.web.secrets["decide"]
    assert site.web.http.post(ALL, json=body).status_code == 401
    assert site.web.post(ALL, body, site.web.secrets["read"]).status_code == 403
    assert site.web.http.post(ALL, json=body, headers={"X-API-Key": key}).status_code == 200
    strange = site.web.post(f"{ALL}?flag=banner", body)
    assert strange.status_code == 422

"""GET /v1/visitors/{id}/next: one offer over all channels, and a reason for each other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from api_web import Web
from hypothesis import given
from hypothesis import strategies as st
from places import shipped_slots
from test_api_withdrawals import follow

from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.offers.arbitration import arbitrate
from nudge.domain.offers.candidates import PAGE, Candidate
from nudge.domain.offers.offer_reasons import SENTENCES, OfferReason
from nudge.domain.slots.learning import first_policy
from nudge.domain.slots.rule import read_rule
from nudge.domain.slots.slot import Availability, OfferTerms, Slot, Variant


def offering(web: Web, name: str, priority: int, segment: dict[str, str], *gifts: str) -> Slot:
    """A slot of gifts of one group for a segment, and nothing for all others."""
    rule = read_rule({"attribute": segment["kind"], "is": segment["name"]})
    limits = Availability(exclusive="gift", when=rule)
    now_ = web.service.catalogue().slots["banner"].slot
    slot = replace(
        now_,
        name=name,
        revision=1,
        holdout=0.0,
        variants=(
            *(Variant(one, one, availability=limits) for one in gifts),
            Variant("none", None, enabled=False),
        ),
        context=(),
        policy={"kind": "uniform"},
        fallback={"default": "none"},
        offers=OfferTerms(priority=priority),
    )
    store = web.service.store
    assert store.slots.put(slot, store.slots.current().get(name))
    web.service.refresh()
    return slot


@pytest.fixture
def torn(web: Web) -> Web:
    """A visitor of two segments, each with an offer of the same group, in two slots."""
    offering(web, "page_offer", 2, {"kind": "stage", "name": "growth"}, "coffee")
    offering(web, "call_offer", 1, {"kind": "tier", "name": "high"}, "video")
    event = {"event_id": "p", "type": "paid", "visitor_id": "ada", "amount": 300}
    web.send(event, key=web.secrets["ingest"])
    follow(web)
    return web


def told(web: Web, query: str = "", scope: str = "read") -> Any:
    response = web.get(f"/v1/visitors/ada/next{query}", scope)
    assert response.status_code == 200, response.text
    return response.json


def reasons(found: Any, slot: str, variant: str) -> dict[str, str]:
    """Return why an offer is not the next one, by channel."""
    rows = (one for one in found["others"] if (one["slot"], one["variant"]) == (slot, variant))
    return {one["channel"]: one["reason"] for one in rows}


def test_a_person_of_two_segments_gets_one_of_two_contradicting_offers(torn: Web) -> None:
    """The slot of the higher priority wins, and the other offer says that it contradicts it."""
    found = told(torn)
    assert (found["next"]["slot"], found["next"]["variant"]) == ("page_offer", "coffee")
    assert found["next"]["channel"] == "page"
    assert reasons(found, "call_offer", "video")["page"] == "contradicts"
    (other,) = [
        one
        for one in found["others"]
        if (one["variant"], one["channel"]) == ("video", "page") and one["slot"] == "call_offer"
    ]
    assert other["detail"] == "page_offer:coffee"
    assert other["sentence"] == SENTENCES[OfferReason.CONTRADICTS]
    assert found["standing"] == []


def test_what_was_offered_binds_the_answer_and_the_next_decision(torn: Web) -> None:
    """A decision of the other slot stands: the first one's offer contradicts it from then on."""
    key = torn.key("decide", "ingest")
    asked = {"visitor_id": "ada", "slots": ["call_offer"]}
    assert torn.decide(key, **asked)["decisions"]["call_offer"]["variant"] == "video"
    found = told(torn)
    assert found["next"]["variant"] == "video"
    assert [one["benefit"] for one in found["standing"]] == ["video"]
    assert set(reasons(found, "page_offer", "coffee").values()) == {"contradicts"}
    later = torn.decide(key, visitor_id="ada", slots=["page_offer"])["decisions"]["page_offer"]
    assert later["variant"] == "none"
    assert later["reason"] == "fallback"


def test_an_sms_offers_nothing_that_contradicts_the_page(torn: Web) -> None:
    """A plan's further slots are bound by what a page has offered, and the other way round."""
    key = torn.key("decide", "ingest")
    consent = {"event_id": "c", "type": "consent", "visitor_id": "ada", "channel": "sms"}
    torn.send(consent | {"given": True}, key=torn.secrets["ingest"])
    follow(torn)
    asked = {"visitor_id": "ada", "slots": ["page_offer"]}
    assert torn.decide(key, **asked)["decisions"]["page_offer"]["variant"] == "coffee"
    wish = {"visitor_id": "ada", "slots": ["call_offer", "page_offer"]}
    planned = torn.post("/v1/sms/timings", wish, torn.secrets["schedule"]).json
    assert planned["send_at"] is not None
    shown = {name: one["variant"] for name, one in planned["decisions"].items()}
    assert shown == {"call_offer": "none", "page_offer": "coffee"}


def test_an_offer_binds_whoever_the_visitor_turns_out_to_be(torn: Web) -> None:
    """Two ids are one person: what one of them was offered contradicts other offers of both."""
    key = torn.key("decide", "ingest")
    asked = {"visitor_id": "ada", "slots": ["call_offer"]}
    assert torn.decide(key, **asked)["decisions"]["call_offer"]["variant"] == "video"
    torn.decide(key, visitor_id="ben", slots=["denomination"])
    event = {"event_id": "i", "type": "identified", "visitor_id": "ben", "other_id": "ada"}
    torn.send(event, key=torn.secrets["ingest"])
    follow(torn)
    follow(torn)
    for name in ("ada", "ben"):
        found = torn.get(f"/v1/visitors/{name}/next").json
        assert [one["benefit"] for one in found["standing"]] == ["video"]
        assert set(reasons(found, "page_offer", "coffee").values()) == {"contradicts"}


def test_asking_changes_nothing(torn: Web) -> None:
    """A question that is asked again has the same answer, and the journal has no record of it."""
    store = torn.service.store
    before = [store.folds.lags(), told(torn)["others"]]
    assert [store.folds.lags(), told(torn)["others"]] == before


def test_channels_have_the_reasons_of_the_contact_policy(torn: Web) -> None:
    """Without a consent neither SMS nor call may go out; an unknown channel is told as such."""
    found = reasons(told(torn), "page_offer", "coffee")
    assert (found["sms"], found["call"]) == ("no_consent", "no_consent")


@pytest.mark.parametrize("query", ["?channel=fax", "?page=A+b", "?who=me"])
def test_what_does_not_fit_is_refused(torn: Web, query: str) -> None:
    """Unknown channels, pages and parameters are refused with what is right."""
    assert torn.get(f"/v1/visitors/ada/next{query}").status_code == 422


def test_nobody_is_made_by_asking(web: Web) -> None:
    """An unknown id is 404, and stays unknown."""
    for _ in range(2):
        assert web.get("/v1/visitors/nobody/next").status_code == 404


def live(name: str, group: str) -> LiveSlot:
    """A slot with two variants of a group."""
    variants = tuple(
        Variant(f"{name}{i}", i, availability=Availability(exclusive=group)) for i in range(2)
    )
    base = replace(
        shipped_slots()["banner"],
        name=name,
        variants=variants,
        context=(),
        policy={"kind": "uniform"},
        fallback={"default": variants[0].name},
    )
    return LiveSlot(base, first_policy(base))


@st.composite
def candidates(draw: st.DrawFn) -> list[Candidate]:
    """Offers of up to four slots by two channels, some of them kept back."""
    found = []
    for name in draw(st.lists(st.sampled_from("abcd"), min_size=1, unique=True)):
        of, terms = (
            live(name, draw(st.sampled_from(("", "g", "h")))),
            OfferTerms(channels=("sms",), priority=draw(st.integers(0, 1))),
        )
        for variant in of.slot.variants:
            value = draw(st.sampled_from((None, 0.1, 0.2)))
            for channel in (PAGE, "sms"):
                reason = draw(st.sampled_from((None, OfferReason.NO_CONSENT)))
                found.append(Candidate(of, variant, terms, channel, value, 0.0, reason))
    return found


@given(candidates(), st.randoms())
def test_whatever_the_order_one_is_chosen_and_no_other_contradicts_it(
    every: list[Candidate], rng: Any
) -> None:
    """One offer that may go out is next; each other has a reason, the same in any order."""
    found = arbitrate(every)
    mixed = list(every)
    rng.shuffle(mixed)
    assert arbitrate(mixed) == found
    able = [one for one in every if one.reason is None]
    assert (found.chosen is None) == (not able)
    assert len(found.others) == len(every) - bool(able)
    assert all(one.reason for one in found.others)
    if found.chosen is not None:
        top = max(one.terms.priority for one in able)
        assert found.chosen.terms.priority == top
        for one in found.others:
            rivals = one.group and one.group == found.chosen.group
            if (
                rivals
                and one.name != found.chosen.name
                and one in [x._replace(reason=one.reason, detail=one.detail) for x in able]
            ):
                assert one.reason == OfferReason.CONTRADICTS


def test_every_reason_has_its_sentence_in_two_languages() -> None:
    """No reason is a bare code: each is said in Chinese and English."""
    assert set(SENTENCES) == set(OfferReason)
    assert all(one["zh"] and one["en"] for one in SENTENCES.values())

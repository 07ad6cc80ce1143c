"""Standing offers: one person, one price, over all slots and channels."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from flow_web import SERVER, Web

from nudge.clock import now
from nudge.domain.choosing.standing_offers import StandingOffer, binding_benefits, told_offers
from nudge.domain.contact.contact import Contact
from nudge.domain.journal.records import Decision
from nudge.domain.people.visitor import VisitorState
from nudge.domain.people.visitor_codec import encode_state
from nudge.domain.slots.slot import Availability, Variant

DAY = 86_400.0
GIFT = Availability(exclusive="gift")


def offering(web: Web, name: str, *variants: str) -> None:
    """A slot that offers these gifts, or nothing where none may be offered."""
    gifts = [Variant(one, one, availability=GIFT) for one in variants]
    slot = replace(
        web.catalogue.slots["banner"].slot,
        name=name,
        revision=1,
        variants=(*gifts, Variant("none", None, enabled=not gifts)),
        policy={"kind": "uniform"},
        fallback={"default": "none"},
        context=(),
    )
    web.put(replace(slot, variants=(*gifts, Variant("none", None))))


def shown(web: Web, visitor: str, *slots: str, at: float | None = None) -> list[str]:
    """The variants that a server is answered for a visitor, slot by slot."""
    answer = web.ask(visitor, *slots, caller=SERVER, at=at or now())
    return [answer.decisions[name].variant for name in slots]


def removals(web: Web, slot: str) -> list[str]:
    """Why something was removed from a slot, of all decisions."""
    records = (entry.record for entry in web.entries())
    made = [one for one in records if isinstance(one, Decision) and one.slot == slot]
    return [why for one in made for why in one.removed.values()]


def test_the_first_offer_of_a_group_binds_every_other_slot(web: Web) -> None:
    """Whichever slot is first, the other never shows another benefit of the group, and says why."""
    offering(web, "page_offer", "coffee", "video")
    offering(web, "call_offer", "coffee", "data")
    for number, order in enumerate(
        (("page_offer", "call_offer"), ("call_offer", "page_offer")) * 30
    ):
        seen = {one for slot in order for one in shown(web, f"v{number}", slot)} - {"none"}
        assert len(seen) <= 1
    told = set(removals(web, "page_offer") + removals(web, "call_offer"))
    assert told == {"contradicts:gift"}


def test_slots_of_one_page_do_not_contradict_each_other(web: Web) -> None:
    """The slots of one call make one offer of a group, and a repeated call the same one."""
    offering(web, "page_offer", "coffee", "video")
    offering(web, "call_offer", "coffee", "data")
    for number in range(40):
        first = shown(web, f"v{number}", "page_offer", "call_offer")
        assert len(set(first) - {"none"}) <= 1
        if "none" not in first:
            assert shown(web, f"v{number}", "page_offer", "call_offer") == first


def test_two_who_decide_at_once_make_one_offer(web: Web) -> None:
    """Both have read the visitor before either wrote: the second is drawn again by the script."""
    offering(web, "page_offer", "coffee", "video")
    offering(web, "call_offer", "data", "music")
    with ThreadPoolExecutor(2) as pool:
        for number in range(150):
            at_once = pool.map(
                lambda slot, who=f"v{number}": shown(web, who, slot), ("page_offer", "call_offer")
            )
            seen = {one for found in at_once for one in found} - {"none"}
            assert len(seen) <= 1


def test_an_offer_binds_as_long_as_it_sticks(web: Web) -> None:
    """Behind the stickiness period of the slot that made it, everything may be offered again."""
    offering(web, "page_offer", "coffee")
    offering(web, "call_offer", "data")
    before = now() - 2 * DAY
    visitors = [f"v{i}" for i in range(40)]
    found = [one for one in visitors if shown(web, one, "page_offer", at=before) == ["coffee"]]
    new = [f"n{i}" for i in range(40)]
    still = [one for one in new if shown(web, one, "page_offer") == ["coffee"]]
    assert {shown(web, one, "call_offer")[0] for one in still} == {"none"}
    assert "data" in {shown(web, one, "call_offer")[0] for one in found}


def test_a_clock_that_is_ahead_ends_nothing_early(web: Web) -> None:
    """An offer that the store still knows binds, though the caller's clock has passed its end."""
    offering(web, "page_offer", "coffee")
    offering(web, "call_offer", "data")
    offered = [f"v{i}" for i in range(20) if shown(web, f"v{i}", "page_offer") == ["coffee"]]
    later = {shown(web, one, "call_offer", at=now() + 2 * DAY)[0] for one in offered}
    assert later == {"none"}


def test_an_offer_that_another_system_made_binds(web: Web) -> None:
    """A call of which `contacted` told the content counts like a decision of ours."""
    offering(web, "page_offer", "coffee")
    offering(web, "call_offer", "data")
    shown(web, "v", "denomination")
    entry = web.entries()[-1]
    contact = Contact(now() - 60, "call", "promotion", "call_offer:data")
    state = encode_state(VisitorState(contacts=(contact,), watermark=now()))
    key = web.store.keys.visitor(entry.partition, entry.record.subject)
    web.store.client.call("SET", key, state)
    assert shown(web, "v", "page_offer") == ["none"]
    assert removals(web, "page_offer") == ["contradicts:gift"]
    assert told_offers([contact], web.catalogue.slots, now() + 2 * DAY) == {}


def test_a_unit_does_not_bind_itself() -> None:
    """A decision that cannot stand any more may be replaced by the unit that made it alone."""
    offers = {"gift": StandingOffer("coffee", 10.0, "banner"), "tv": StandingOffer("a", 10.0, "*")}
    assert binding_benefits(offers, "banner", 9.0) == {"tv": "a"}
    assert binding_benefits(offers, "other", 9.0) == {"gift": "coffee", "tv": "a"}
    assert binding_benefits(offers, "other", 10.0) == {}

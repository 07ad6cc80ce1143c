"""POST /ofrep/v1/evaluate/flags: all flags, ahead of their use."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from ofrep_site import ALL, VISITOR, FlagSite, flag_site

from nudge.clock import now
from nudge.config.slot_change import Edit, plan
from nudge.domain.credit.attribution import step
from nudge.domain.journal.records import Exposure
from nudge.domain.people.visitor import VisitorState
from nudge.domain.slots.slot import SlotMode
from nudge.errors import StoreAwayError
from nudge.flows.upkeep import apply as applying
from nudge.settings.flag_terms import FlagKind, FlagTerms
from nudge.settings.settings import Settings
from nudge.store.vault.visitor_finder import VisitorFinder

PAGES = ["banner", "denomination", "payment_retry", "prefill"]


def change(site: FlagSite, name: str, **changes: object) -> None:
    """Give a slot another revision."""
    service = site.web.service
    slot = service.catalogue().slots[name].slot
    after = replace(slot, revision=slot.revision + 1, **changes)  # type: ignore[arg-type]
    edit = Edit("test", "changed", now())
    applying.apply(service.store, plan({name: slot}, {name: after}), edit)
    service.refresh()


def exposures(site: FlagSite) -> list[Exposure]:
    """The exposures that the journal's one visitor has, as `attribute` finds them."""
    state, found = VisitorState(), []
    for entry in site.web.entries():
        state, began, _ = step(state, entry)
        found += began
    return found


def test_all_slots_of_pages_are_in_the_answer(site: FlagSite) -> None:
    """Without a setting every slot that pages ask for is a flag; each is one decision."""
    answer = site.bulk()
    assert sorted(one["key"] for one in answer.json["flags"]) == PAGES
    assert answer.json["metadata"]["device_token"]
    assert sorted(one.slot for one in site.decisions()) == PAGES


def test_a_bulk_answer_is_no_exposure_before_shown(site: FlagSite) -> None:
    """Decisions ahead of their use count when `shown` names them, also where decisions count."""
    flags = {one["key"]: one for one in site.bulk().json["flags"]}
    assert exposures(site) == []
    shown = flags["denomination"]["metadata"]["decision_id"]
    event = {"event_id": "e-1", "type": "shown", "visitor_id": "v-1", "decision_id": shown}
    site.web.send(event)
    (one,) = exposures(site)
    assert (one.slot, one.variant) == ("denomination", flags["denomination"]["variant"])


def test_one_flag_is_asked_for_where_it_is_used(site: FlagSite) -> None:
    """A single evaluation counts as the slot says: this slot counts decisions."""
    site.one("denomination")
    assert [one.slot for one in exposures(site)] == ["denomination"]


def test_a_poll_writes_nothing_and_is_not_modified(site: FlagSite) -> None:
    """A client that has the answer gets 304, however often, and the journal stays as it is.

    A payment's retry has nothing to offer yet: its fallback does not stick, and yet is not logged
    again.
    """
    first = site.bulk()
    tag, made = first.headers["ETag"], len(site.decisions())
    for _ in range(3):
        again = site.bulk(tag)
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    assert len(site.decisions()) == made


@pytest.mark.parametrize("form", ['W/"{}"', '"{}-gzip"', '"old", W/"{}"', "{}"])
def test_a_tag_may_come_as_proxies_write_it(site: FlagSite, form: str) -> None:
    """Proxies mark the tags of what they compressed; lists of tags are known as well."""
    tag = site.bulk().headers["ETag"].strip('"')
    assert site.bulk(form.format(tag)).status_code == 304


@pytest.mark.parametrize("tag", ["*", '"x"', '"' + "0" * 32 + '"', "W/", '""'])
def test_another_tag_gets_the_answer(site: FlagSite, tag: str) -> None:
    """A tag of something else, `*` or no tag at all never hides the answer."""
    assert site.bulk(tag).status_code == 200


def test_a_tag_belongs_to_who_asks(site: FlagSite) -> None:
    """Another visitor, another key or another context never gets 304 for this one's answer."""
    tag = site.bulk().headers["ETag"]
    assert site.bulk(tag, targetingKey="v-2").status_code == 200
    other = site.web.key("decide", "ingest")
    answer = site.ask(ALL, VISITOR, key=other, headers={"If-None-Match": tag})
    assert answer.status_code == 200
    assert site.bulk(tag, page="recharge").status_code == 200


def test_a_change_is_never_hidden(site: FlagSite) -> None:
    """Whatever would be answered differently has another tag: value, variant, mode, period."""
    tags = [site.bulk().headers["ETag"]]
    change(site, "banner", mode=SlotMode.OFF)
    off = site.bulk(tags[-1])
    tags.append(off.headers["ETag"])
    assert off.status_code == 200
    banner = next(one for one in off.json["flags"] if one["key"] == "banner")
    assert (banner["reason"], banner["metadata"]["fallback"]) == ("DEFAULT", True)
    assert site.bulk(tags[-1]).status_code == 304
    change(site, "banner", fallback={"default": "coffee"})
    tags.append(site.bulk(tags[-1]).headers["ETag"])
    assert all(one != other for one, other in pairwise(tags))


def test_a_new_period_is_a_new_answer(site: FlagSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """When stickiness ends, the same value is another decision: 200, with ids of its own."""
    tag = site.bulk().headers["ETag"]
    later = now() + 40 * 86_400
    monkeypatch.setattr("nudge.api.ofrep.evaluation.now", lambda: later)
    assert site.bulk(tag).status_code == 200


def test_a_flag_set_is_what_the_settings_say(settings: Settings) -> None:
    """`[ofrep] slots` names the flags of the bulk answer; a slot that is not there costs itself."""
    terms = (
        FlagTerms("denomination", FlagKind.NUMBER),
        FlagTerms("gone"),
        FlagTerms("banner", FlagKind.BOOLEAN, values={"coffee": True}),
        FlagTerms("prefill", FlagKind.BOOLEAN, values=dict.fromkeys(("carried", "blank"), True)),
    )
    with flag_site(replace(settings, ofrep_slots=terms)) as site:
        given = {one["key"]: one for one in site.bulk().json["flags"]}
        single = site.ask("/ofrep/v1/evaluate/flags/banner", {"targetingKey": "v-1"})
        codes = {name: one.get("errorCode") for name, one in given.items()}
        assert codes == {
            "denomination": None,
            "gone": "FLAG_NOT_FOUND",
            "banner": "PARSE_ERROR",
            "prefill": "PARSE_ERROR",
        }
        assert (single.status_code, single.json["errorCode"]) == (400, "PARSE_ERROR")
        assert "values.data_draw" in single.json["errorDetails"]
        # What cannot be told is not decided.
        assert {one.slot for one in site.decisions()} == {"denomination"}


def test_no_flag_at_all_is_an_answer(settings: Settings) -> None:
    """An empty list of slots is answered with no flags, and the tag works."""
    with flag_site(replace(settings, ofrep_slots=())) as site:
        answer = site.bulk()
        assert answer.json["flags"] == []
        assert site.bulk(answer.headers["ETag"]).status_code == 304


def test_a_page_that_comes_back_with_its_token_keeps_its_answer(site: FlagSite) -> None:
    """The device token of the metadata, sent as context, is the visitor's: nothing is redrawn."""
    first = site.bulk()
    token = first.json["metadata"]["device_token"]
    again = site.bulk(device_token=token).json["flags"]
    ids = [
        [one["metadata"]["decision_id"] for one in flags if not one["metadata"]["fallback"]]
        for flags in (first.json["flags"], again)
    ]
    assert ids[0] == ids[1]


def test_an_outage_is_answered_and_flagged(site: FlagSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the store away flags are decided from memory, and the metadata say so; a poll, too."""
    tag = site.bulk().headers["ETag"]

    def away(*_: object, **__: object) -> None:
        raise StoreAwayError("away")

    monkeypatch.setattr(VisitorFinder, "opened", away)
    first = site.bulk(tag)
    assert all(one["metadata"]["degraded"] for one in first.json["flags"])
    assert site.bulk(first.headers["ETag"]).status_code == 304

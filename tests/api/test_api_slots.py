"""GET /v1/slots, one slot, and its performance."""

from __future__ import annotations

from dataclasses import replace

from api_web import Web

from nudge.config.slot_file import dump_slot, load_slots, parse_slot


def test_slots_are_shown_as_they_are_configured(web: Web) -> None:
    """An answer, sent back, makes the same slot again."""
    wanted = load_slots(web.service.settings.config_dir / "slots")
    shown = {one["slot"]: one for one in web.get("/v1/slots").json["slots"]}
    assert shown.keys() == wanted.keys()
    for name, slot in wanted.items():
        serving = shown[name].pop("serving")
        assert parse_slot(shown[name], "answer") == slot
        assert serving["policy_version"] == 0


def test_one_slot_is_as_in_the_list(web: Web) -> None:
    """The list and the single slot say the same."""
    listed = {one["slot"]: one for one in web.get("/v1/slots").json["slots"]}
    assert web.get("/v1/slots/banner").json == listed["banner"]


def test_a_new_revision_is_served_after_a_refresh(web: Web) -> None:
    """The catalogue is replaced as one value when the store says that something changed."""
    web.get("/v1/slots")
    before = web.service.held.catalogue
    web.service.refresh()
    assert web.service.held.catalogue is before
    web.key("read")
    assert web.service.held.catalogue is not before
    assert dump_slot(before.slots["banner"].slot)["revision"] == 1


def test_a_slot_applied_elsewhere_is_known_at_once(web: Web) -> None:
    """A slot that was told to be in use may be asked of any process, before its next look too."""
    web.get("/v1/slots")
    banner = web.service.held.catalogue.slots["banner"].slot
    store = web.service.store
    for name in ("fresh", "fresher"):
        assert store.slots.put(replace(banner, name=name), None)
        assert name not in web.service.held.catalogue.slots
        if name == "fresh":
            assert name in web.decide(slots=[name])["decisions"]
        else:
            assert web.get(f"/v1/slots/{name}").json["slot"] == name


def test_a_slot_changed_elsewhere_is_shown_as_it_is_now(web: Web) -> None:
    """An editor of a slot sees the last change, whichever process it went through."""
    web.get("/v1/slots")
    held = web.service.held.catalogue.slots["banner"].slot
    changed = replace(held, title="Elsewhere", revision=held.revision + 1)
    assert web.service.store.slots.put(changed, held)
    assert web.service.held.catalogue.slots["banner"].slot == held
    one = web.get("/v1/slots/banner")
    assert (one.json["title"], one.headers["ETag"]) == ("Elsewhere", f'"{held.revision + 1}"')
    assert "Elsewhere" in {each["title"] for each in web.get("/v1/slots").json["slots"]}


def test_performance_names_every_variant(web: Web) -> None:
    """Before anything was shown every variant has its figures, at zero."""
    told = web.get("/v1/slots/denomination/performance").json
    slot = web.service.held.catalogue.slots["denomination"].slot
    assert [one["variant"] for one in told["variants"]] == list(slot.names)
    assert told["total"]["exposures"] == 0


def test_an_unknown_slot_is_not_found(web: Web) -> None:
    """404 in the one form, for the slot and for its figures."""
    for path in ("/v1/slots/nothing", "/v1/slots/nothing/performance", "/v1/slots/" + "x" * 65):
        response = web.get(path)
        assert (response.status_code, response.json["code"]) == (404, "not_found")


def test_what_the_guard_saw_stands_with_the_slot_and_its_report(web: Web) -> None:
    """Before the first look there is none; then both answers have it, word for word."""
    url = "/v1/slots/denomination"
    assert web.get(url).json["serving"]["guard"] is None
    assert web.get(f"{url}/performance").json["guard"] == {"mode": "live", "last": None}
    found = {
        "metric": "abandonment",
        "exposures": {"policy": 900, "holdout": 100},
        "policy": 0.8,
        "holdout": 0.5,
        "rise": {"value": 0.3, "low": 0.1, "high": 0.5},
        "harm": True,
    }
    seen = {
        "revision": 2,
        "since_revision": 2,
        "as_of": "2026-11-01T00:00:00+00:00",
        "harm": True,
        "found": [found],
        "sentence": {"zh": "已冻结", "en": "Frozen"},
    }
    web.service.store.guards.note("denomination", seen)
    assert web.get(url).json["serving"]["guard"] == seen
    assert web.get(f"{url}/performance").json["guard"]["last"] == seen
    assert "guard" not in web.get("/v1/slots/banner").json["serving"]
    assert "guard" not in web.get("/v1/slots/banner/performance").json


def test_a_frozen_slot_is_seen_in_the_metrics(web: Web) -> None:
    """An alarm can be set on it, whoever froze the slot."""
    web.get("/v1/slots")
    assert 'nudge_slot_frozen{slot="denomination"} 0.0' in web.get("/metrics").text
    slot = web.service.held.catalogue.slots["denomination"].slot
    frozen = replace(slot, revision=slot.revision + 1, mode="frozen", frozen_serves="fallback")
    assert web.service.store.slots.put(frozen, slot)
    web.service.refresh()
    assert 'nudge_slot_frozen{slot="denomination"} 1.0' in web.get("/metrics").text
    given = web.decide(slots=["denomination"])["decisions"]["denomination"]
    assert (given["variant"], given["reason"]) == (slot.fallback_for("home"), "fallback")

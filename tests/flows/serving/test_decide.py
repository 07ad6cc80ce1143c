"""Answers to a page, and what the journal then says."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from statistics import NormalDist

import pytest
from flow_web import NOW, SERVER, Web
from places import CONFIG

from nudge.config.documents.segment_file import load_segments
from nudge.domain.choosing.requests import SlotAnswer
from nudge.domain.journal.records import Decision, Ref
from nudge.domain.people.person import Failure
from nudge.domain.people.recharges import Payment
from nudge.domain.people.visitor import VisitorState
from nudge.domain.people.visitor_codec import encode_state
from nudge.domain.slots.slot import Availability, FreeAmount
from nudge.errors import UnknownSlotError, UnknownVariantError
from nudge.flows.serving.explain import repeats

DAY = 86_400.0


def decisions(web: Web) -> list[Decision]:
    return [e.record for e in web.entries() if isinstance(e.record, Decision)]


def test_every_slot_of_a_page_is_answered_and_logged(web: Web) -> None:
    """One call answers all slots; each answer is the journal's record, with its propensity."""
    answer = web.ask("v", "denomination", "banner", "prefill")
    logged = {d.slot: d for d in decisions(web)}
    assert list(answer.decisions) == ["denomination", "banner", "prefill"]
    for name, given in answer.decisions.items():
        assert (given.variant, given.propensity) == (logged[name].variant, logged[name].propensity)
        assert given.value == web.catalogue.slots[name].slot.variant(given.variant).value  # type: ignore[union-attr]
    assert answer.decisions["prefill"].reason == "only_eligible"
    assert answer.decisions["banner"].reason == "policy"


def test_a_repeated_call_gets_the_first_decision_and_writes_nothing(web: Web) -> None:
    """Within the stickiness period the answer is the same, `sticky`, and makes no record."""
    first = web.ask("v", "denomination", "banner")
    again = web.ask("v", "denomination", "banner", at=NOW + 60)
    assert [d.decision_id for d in first.decisions.values()] == [
        d.decision_id for d in again.decisions.values()
    ]
    assert all(d.sticky for d in again.decisions.values())
    assert not any(d.sticky for d in first.decisions.values())
    assert len(decisions(web)) == 2


def test_the_denomination_sticks_by_page(web: Web) -> None:
    """Another page is another unit of choice; another day another period."""
    ids = {
        web.ask("v", page=page, at=at).decisions["denomination"].decision_id
        for page in ("home", "recharge")
        for at in (NOW, NOW + 2 * DAY)
    }
    assert len(ids) == 4


def test_holdouts_get_the_fallback_for_ever(web: Web) -> None:
    """A share of subjects, fixed for each, gets the page's fallback with probability 1."""
    web.put(web.slot("denomination", holdout=0.3))
    first = {v: web.ask(str(v)).decisions["denomination"] for v in range(300)}
    held = {v for v, d in first.items() if d.reason == "holdout"}
    # Binomial(300, .3): within 4 standard deviations.
    assert abs(len(held) - 90) < 4 * (300 * 0.3 * 0.7) ** 0.5
    assert {first[v].variant for v in held} == {"100"}
    assert {first[v].propensity for v in held} == {1.0}
    later = {v: web.ask(str(v), at=NOW + 9 * DAY).decisions["denomination"] for v in range(300)}
    assert {v for v, d in later.items() if d.reason == "holdout"} == held


def test_the_global_holdout_holds_in_every_slot(web: Web) -> None:
    """With a global share of (nearly) everybody, no slot personalises."""
    web.decider = replace(web.decider, holdout=0.999999)
    answer = web.ask("v", "denomination", "banner")
    assert {d.reason for d in answer.decisions.values()} == {"holdout"}


def test_only_the_eligible_are_drawn_and_each_removal_has_its_reason(web: Web) -> None:
    """A variant off its channel or switched off is never shown; the record says why."""
    slot = web.catalogue.slots["banner"].slot
    first, second, *rest = slot.variants
    off = replace(first, enabled=False)
    app_only = replace(second, availability=Availability(channels=frozenset({"app"})))
    web.put(web.slot("banner", variants=(off, app_only, *rest)))
    shown = Counter(web.ask(str(v), "banner").decisions["banner"].variant for v in range(100))
    assert set(shown) == {v.name for v in rest}
    for d in decisions(web):
        assert d.removed == {first.name: "disabled", second.name: "channel"}
        assert sum(d.pmf) == pytest.approx(1, abs=1e-9)


def test_with_nothing_eligible_the_fallback_answers_and_is_not_kept(web: Web) -> None:
    """A page always gets an answer; once something is eligible again, it is chosen anew."""
    slot = web.catalogue.slots["banner"].slot
    web.put(web.slot("banner", variants=tuple(replace(v, enabled=False) for v in slot.variants)))
    given = web.ask("v", "banner").decisions["banner"]
    assert (given.reason, given.variant) == ("fallback", slot.fallback_for("home"))
    web.put(web.slot("banner", variants=slot.variants))
    assert web.ask("v", "banner").decisions["banner"].reason == "policy"


def test_a_kept_decision_that_is_no_longer_eligible_is_superseded(web: Web) -> None:
    """A variant switched off mid-period gives way to a new draw that names what it supersedes."""
    given = web.ask("v", "banner").decisions["banner"]
    slot = web.catalogue.slots["banner"].slot
    without = tuple(replace(v, enabled=v.name != given.variant) for v in slot.variants)
    web.put(web.slot("banner", variants=without))
    after = web.ask("v", "banner").decisions["banner"]
    assert after.variant != given.variant
    assert not after.sticky
    assert web.ask("v", "banner").decisions["banner"].decision_id == after.decision_id
    superseded = [d.supersedes for d in decisions(web)]
    assert superseded == [None, web.sealer.unseal(given.decision_id)]


def test_a_second_draw_in_a_period_is_fresh(web: Web) -> None:
    """Superseding uses another `u`: given the first draw, the second still has its propensities.

    Of visitors whose first draw was one variant, the rest must come in equal shares: chi-square
    with 2 degrees of freedom, .999 quantile 13.8.
    """
    slot = web.catalogue.slots["banner"].slot
    gone = slot.names[0]
    first = {v: web.ask(str(v), "banner").decisions["banner"].variant for v in range(1200)}
    mine = [v for v, name in first.items() if name == gone]
    without = tuple(replace(v, enabled=v.name != gone) for v in slot.variants)
    web.put(web.slot("banner", variants=without))
    shares = Counter(web.ask(str(v), "banner").decisions["banner"].variant for v in mine)
    expected = len(mine) / 3
    assert sum((shares[n] - expected) ** 2 / expected for n in slot.names[1:]) < 13.8


def test_forced_variants_are_shown_not_kept_and_marked(web: Web) -> None:
    """A tester sees the forced variant; the record is of no use to learning; nothing sticks."""
    given = web.ask("v", force={"denomination": "500"}).decisions["denomination"]
    assert (given.variant, given.reason, given.propensity) == ("500", "forced", 1.0)
    assert web.ask("v").decisions["denomination"].reason == "policy"


def test_what_does_not_exist_is_refused_before_anything_is_written(web: Web) -> None:
    """Unknown slots and variants are errors that name them; the journal stays as it was."""
    before = len(web.entries())
    with pytest.raises(UnknownSlotError, match="nothing"):
        web.ask("v", "banner", "nothing")
    with pytest.raises(UnknownVariantError, match="7"):
        web.ask("v", force={"denomination": "7"})
    assert len(web.entries()) == before


def test_the_state_of_a_visitor_is_for_its_device_and_for_servers(web: Web) -> None:
    """A caller who only knows an id gets no context of the state, and no token that opens it."""
    token = web.ask("v", "banner").device_token
    entry = web.entries()[-1]
    key = web.store.keys.visitor(entry.partition, entry.record.subject)
    web.store.client.call("SET", key, encode_state(VisitorState(last_amount=30_000)))

    def seen(page: str, **more: object) -> object:
        answer = web.ask("v", page=page, **more)  # type: ignore[arg-type]
        ref = web.sealer.unseal(answer.decisions["denomination"].decision_id)
        found = next(e.record for e in web.entries() if e.ref == ref)
        assert isinstance(found, Decision)
        device = web.sealer.device(answer.device_token)
        assert device is not None
        return found.context.get("last_amount"), device.sees(entry.record.subject)

    assert token
    assert seen("p1", device_token=token) == (300, True)
    assert seen("p2", caller=SERVER) == (300, True)
    assert seen("p3") == (None, False)
    assert seen("p4", device_token=token[:-2]) == (None, False)
    assert seen("p5", device_token=web.ask("other").device_token) == (None, False)


def know(web: Web, state: VisitorState) -> None:
    """Let this be the state of the visitor who was answered last."""
    entry = web.entries()[-1]
    key = web.store.keys.visitor(entry.partition, entry.record.subject)
    web.store.client.call("SET", key, encode_state(state))


def test_the_open_page_gets_its_offer_as_soon_as_the_failure_is_known(web: Web) -> None:
    """Before it is known nothing sticks; a failure sticks to its own offer, a later one to none."""

    def retry(at: float = NOW, **more: object) -> SlotAnswer:
        asked = web.ask("v", "payment_retry", page="pay", caller=SERVER, at=at, **more)
        return asked.decisions["payment_retry"]

    assert (retry().reason, retry().reason) == ("fallback", "fallback")
    know(web, VisitorState(failures=(Failure(NOW - 5, "f1", "soft", "card"),)))
    first, again = retry(), retry(NOW + 1)
    assert first.reason == "policy"
    assert (again.decision_id, again.sticky) == (first.decision_id, True)
    later = (Failure(NOW - 5, "f1", "soft", "card"), Failure(NOW + 2, "f2", "hard", "card"))
    know(web, VisitorState(failures=later))
    second = retry(NOW + 3)
    assert (second.sticky, second.reason) == (False, "policy")
    assert "same_method" not in decisions(web)[-1].eligible
    assert retry(NOW + 4).decision_id == second.decision_id
    told = {"failure_reason": "insufficient_funds", "method": "alipay", "failed_at": NOW + 5}
    assert not retry(NOW + 6, context=told).sticky
    assert decisions(web)[-1].context == {
        "failure_reason": "soft",
        "method": "alipay",
        "channel": "web",
    }


def test_amounts_far_above_the_usual_are_not_preselected(web: Web) -> None:
    """For whoever may know the state: above the multiple only what was paid or chosen before."""
    token = web.ask("v", "banner").device_token
    payments = tuple(Payment(NOW - i * DAY, 3000) for i in (3, 2, 1))
    know(web, VisitorState(payments=payments, amounts=(3000, 50_000)))
    given = web.ask("v", page="p1", device_token=token).decisions["denomination"]
    made = decisions(web)[-1]
    assert (made.eligible, made.removed) == (
        ("10", "30", "50", "500"),
        {"100": "unaffordable", "300": "unaffordable"},
    )
    assert sum(made.pmf) == pytest.approx(1)
    assert given.free_amount == FreeAmount(1.0, 500.0, 1.0)
    web.ask("v", page="p2")
    assert len(decisions(web)[-1].eligible) == 6


def test_every_decision_repeats_from_its_record(web: Web) -> None:
    """`explain` draws the same variant with the same propensity from pmf and `u` alone."""
    for v in range(200):
        web.ask(str(v), "denomination", "banner", "prefill", "payment_retry")
    made = decisions(web)
    assert len(made) == 800
    assert all(repeats(d) for d in made)


def test_draws_agree_with_the_logged_propensities(web: Web) -> None:
    """Over 3,000 visitors each variant's count lies within 4.5 standard errors of its sum of p."""
    for v in range(3000):
        web.ask(str(v), "banner")
    made = decisions(web)
    limit = -NormalDist().inv_cdf(3.4e-6)
    for name in web.catalogue.slots["banner"].slot.names:
        p = [dict(zip(d.eligible, d.pmf, strict=True))[name] for d in made]
        hits = sum(d.variant == name for d in made)
        assert abs(hits - sum(p)) < limit * sum(x * (1 - x) for x in p) ** 0.5


def test_a_decision_takes_two_round_trips(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """One read and one write for all slots of a page; a page that sticks needs the read only."""
    calls: list[object] = []
    execute = web.store.client._execute
    monkeypatch.setattr(
        web.store.client, "_execute", lambda *c: (calls.append(c[0]), execute(*c))[1]
    )
    web.ask("v0", "denomination", "banner", "prefill")
    web.ask("v0", "denomination", "banner", "prefill")
    assert len(calls) == 3


def test_nothing_external_reaches_the_journal(web: Web) -> None:
    """The visitor's id is in no record and no key."""
    web.ask("13812345678-visitor", "denomination", "banner")
    for entry in web.entries():
        assert "13812345678" not in repr(entry)
    found = web.store.client.call("KEYS", f"{web.store.keys.namespace}*")
    assert not any(b"13812345678" in key for key in found)


def test_references_are_the_places_of_records(web: Web) -> None:
    """A decision id opens to the partition and position of its record."""
    given = web.ask("v").decisions["denomination"]
    ref = web.sealer.unseal(given.decision_id)
    entry = next(e for e in web.entries() if isinstance(e.record, Decision))
    assert ref == Ref(entry.partition, entry.position)


def test_the_stage_of_the_lifecycle_is_known_to_decisions(web: Web) -> None:
    """Segments by rule are context, for whoever may know the state; a page may know better."""
    segments = load_segments(CONFIG)
    web.decider = replace(web.decider, segments=segments)
    token = web.ask("v", "banner").device_token
    entry = web.entries()[-1]
    key = web.store.keys.visitor(entry.partition, entry.record.subject)
    payments = tuple(Payment(NOW - (4 - i) * 30 * DAY, 5000) for i in range(4))
    state = VisitorState(payments=payments, first_paid_at=payments[0].at)
    web.store.client.call("SET", key, encode_state(state))

    def stage(page: str, **more: object) -> object:
        web.ask("v", page=page, **more)  # type: ignore[arg-type]
        return decisions(web)[-1].context.get("stage")

    assert stage("p1", device_token=token) == "stable"
    assert stage("p2") is None
    assert stage("p3", device_token=token, context={"stage": "growth"}) == "growth"
    assert stage("p4", device_token=token, at=NOW + 200 * DAY) == "left"

"""Persons, as devices, numbers and mergings tell them; and what a stranger is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flow_people import DAY, FRIENDS, MINE, number, opened, prefill, settled, state, tell, typed
from flow_web import NOW, PAGE, SERVER, Web

from nudge.domain.choosing.requests import EventRequest
from nudge.domain.journal.event import VIA
from nudge.domain.journal.records import Decision, Event
from nudge.domain.people.merging import LEFT, arriving
from nudge.flows.folds.attribute import AttributeFold
from nudge.workers.runner import Runner


@pytest.fixture
def fold(web: Web) -> Runner[object]:
    fold: Any = AttributeFold(web.store)
    return Runner(web.store, fold, "test")


def test_a_number_typed_at_home_is_carried_at_once(web: Web) -> None:
    """The next page of the visit has it, before any fold has run, and asks nothing else."""
    token = web.ask("v", "prefill").device_token
    typed(web, "v", token, MINE)
    answer = web.ask("v", "prefill", page="recharge", device_token=token)
    assert prefill(answer) == ("carried", MINE, "138****5678")
    assert answer.decisions["prefill"].reason == "only_eligible"


def test_the_holdout_is_not_asked_again_either(web: Web) -> None:
    """A number that was typed is filled in for everybody: that is no experiment."""
    web.put(web.slot("prefill", holdout=0.999))
    token = web.ask("v", "prefill").device_token
    typed(web, "v", token, MINE)
    answer = web.ask("v", "prefill", page="recharge", device_token=token)
    assert prefill(answer)[:2] == ("carried", MINE)


def test_what_was_recharged_is_there_a_month_later(web: Web, fold: Runner[object]) -> None:
    """On the same device: last and most frequent; each is the right one."""
    web.put(web.slot("prefill", policy={"kind": "uniform"}))
    token = web.ask("v", "prefill").device_token
    for day, text in ((1, MINE), (2, MINE), (3, FRIENDS)):
        typed(web, "v", token, text, NOW + day)
        tell(web, "v", "paid", f"p{day}", at=NOW + day + 0.5, amount=50)
    settled(fold)
    later = NOW + 30 * DAY
    found = {}
    for n in range(60):
        answer = web.ask("v", "prefill", page=f"p{n}", device_token=token, at=later)
        variant, shown, _ = prefill(answer)
        found[variant] = shown
    assert found == {"last_on_device": FRIENDS, "most_frequent": MINE, "blank": None}


def test_another_device_is_told_nothing(web: Web, fold: Runner[object]) -> None:
    """The id alone, a forged token and another's token: no number, no mask, nothing personal."""
    token = web.ask("v", "prefill").device_token
    typed(web, "v", token, MINE)
    tell(web, "v", "paid", "p", amount=300, msisdn=MINE)
    tell(web, "v", "identified", "i", msisdn=MINE)
    settled(fold)
    others = web.ask("other", "banner").device_token
    for n, shown in enumerate((None, token[:-2] + "xx", others)):
        answer = web.ask("v", "prefill", "denomination", page=f"q{n}", device_token=shown)
        assert prefill(answer) == ("blank", None, None)
        context = [e.record.context for e in web.entries() if isinstance(e.record, Decision)][-1]
        assert "last_amount" not in context
    answer = web.ask("v", "prefill", page="mine", device_token=token)
    assert MINE in str(answer)


def test_a_stranger_does_not_get_what_sticks_for_the_person(web: Web) -> None:
    """A choice that knew the person is for the person's device; both stick, apart."""
    token = web.ask("v", "banner").device_token
    mine = web.ask("v", page="recharge", device_token=token).decisions["denomination"]
    stranger = web.ask("v", page="recharge").decisions["denomination"]
    assert stranger.decision_id != mine.decision_id
    assert not stranger.sticky
    again = web.ask("v", page="recharge", device_token=token).decisions["denomination"]
    assert (again.decision_id, again.sticky) == (mine.decision_id, True)
    repeated = web.ask("v", page="recharge").decisions["denomination"]
    assert (repeated.decision_id, repeated.sticky) == (stranger.decision_id, True)


def test_the_first_visit_goes_on_when_the_token_comes(web: Web) -> None:
    """The first call has no token; with it the same decision stands."""
    first = web.ask("v")
    second = web.ask("v", device_token=first.device_token)
    one, two = (a.decisions["denomination"] for a in (first, second))
    assert (one.decision_id, two.sticky) == (two.decision_id, True)


def test_a_guess_does_not_tell_that_somebody_was_there(web: Web) -> None:
    """Once the device has shown its token, its first visit sticks for nobody else."""
    token = web.ask("v").device_token
    kept = web.ask("v", device_token=token).decisions["denomination"]
    guessed = web.ask("v").decisions["denomination"]
    assert not guessed.sticky
    again = web.ask("v", device_token=token).decisions["denomination"]
    assert (again.decision_id, again.sticky) == (kept.decision_id, True)


def test_the_own_number_is_masked_except_where_it_was_typed(web: Web) -> None:
    """A server says whose number it is: who may see the person sees three and four digits."""
    page = web.ask("v", "banner").device_token
    tell(web, "v", "identified", "i", msisdn=MINE)
    token = web.ask("v", "banner", caller=SERVER, device_token=page).device_token
    found = {}
    # The rule shows `own`; two draws in a hundred are `blank`, so none of 500 once in 20,000.
    for n in range(500):
        variant, shown, masked = prefill(web.ask("v", "prefill", page=f"p{n}", device_token=token))
        found[variant] = (shown, masked)
    assert found == {"own": (None, "138****5678"), "blank": (None, None)}


def test_s05_an_installation_of_logins_gives_nothing_to_a_claim(
    web: Web, fold: Runner[object]
) -> None:
    """With `pages_own_ids = false` only a token that a server asked for shows the person."""
    strict = replace(web.store, pages_own_ids=False)
    web.decider = replace(web.decider, store=strict)
    page = web.ask("login", "banner").device_token
    typed(web, "login", page, MINE)
    tell(web, "login", "paid", "p", amount=300)
    settled(fold)
    told = []
    for n, caller in enumerate((PAGE, SERVER, PAGE)):
        asked = {"page": f"p{n}", "device_token": page}
        answer = web.ask("login", "prefill", "denomination", caller=caller, **asked)
        assert prefill(answer)[:2] == ("carried", MINE)  # its own word stays its own
        page = answer.device_token
        made = [e.record for e in web.entries() if isinstance(e.record, Decision)]
        known = [one.context for one in made if one.slot == "denomination"]
        told.append("last_amount" in known[-1])
    assert told == [False, True, True]


def test_a_server_says_whose_number_it_is_and_where_it_was_typed(web: Web) -> None:
    """`msisdn` in a decision: the number's owner asks; with a token it was typed there."""
    page = web.ask("v", "banner")
    answer = web.ask(
        "v",
        "prefill",
        caller=SERVER,
        page="recharge",
        msisdn=number(MINE),
        device_token=page.device_token,
    )
    assert prefill(answer) == ("carried", MINE, "138****5678")
    assert opened(web, "v").subject.startswith("000000")
    nowhere = web.ask("w", "prefill", caller=SERVER, page="other", msisdn=number(MINE))
    assert MINE not in str(nowhere)
    assert opened(web, "w").subject == opened(web, "v").subject


def test_two_numbers_are_not_made_one_by_a_shared_device(web: Web) -> None:
    """A visitor who has a number already is answered as the other number's owner, and stays."""
    web.ask("v", "banner", caller=SERVER, msisdn=number(MINE))
    first = opened(web, "v").subject
    web.ask("v", "banner", caller=SERVER, msisdn=number(FRIENDS))
    assert opened(web, "v").subject == first
    web.ask("w", "banner", caller=SERVER, msisdn=number(FRIENDS))
    assert opened(web, "w").subject != first


def test_an_anonymous_visit_is_credited_when_it_turns_out_whose_it_was(
    web: Web, fold: Runner[object]
) -> None:
    """Shown to an anonymous visitor, paid by the known one: the exposure gets its reward, once."""
    web.ask("anonymous", "denomination")
    tell(web, "known", "paid", "old", at=NOW - 3600, amount=30)
    settled(fold)
    tell(web, "anonymous", "identified", "i", other_id="known")
    tell(web, "known", "paid", "new", at=None, amount=100)
    settled(fold)
    rewards = [e.record for e in web.entries() if e.record.kind == "reward"]
    assert [(r.conversions, r.slot) for r in rewards] == [(1, "denomination")]  # type: ignore[union-attr]
    merged = state(web, "anonymous")
    assert merged == state(web, "known")
    assert [p.amount for p in merged.payments] == [3000, 10_000]


def test_identified_twice_is_identified_once(web: Web, fold: Runner[object]) -> None:
    """The second sending is a duplicate; nothing leaves twice."""
    tell(web, "a", "paid", "p", amount=50)
    tell(web, "a", "identified", "i", other_id="b")
    settled(fold)
    sent = EventRequest("i", "identified", "a", NOW, None, fields={"other_id": "b"})
    again = web.recorder.record([sent], SERVER, NOW)
    settled(fold)
    assert (again.accepted, again.duplicates) == (0, 1)
    left = [e for e in web.entries() if isinstance(e.record, Event) and e.record.type == LEFT]
    assert len(left) <= 1
    assert len(state(web, "b").payments) == 1


def test_an_event_from_before_is_a_duplicate_after(web: Web) -> None:
    """Its id is remembered with the old subject: sent again, it is not new to the other one."""
    shown = EventRequest("s", "step", "a", NOW, None, fields={"step": "home"})
    assert web.recorder.record([shown], SERVER, NOW).accepted == 1
    tell(web, "a", "identified", "i", other_id="b")
    tell(web, "b", "identified", "j", msisdn=MINE)
    again = web.recorder.record([shown], SERVER, NOW)
    assert (again.accepted, again.duplicates) == (0, 1)


def test_any_chain_of_ids_ends_at_one_visitor(web: Web, fold: Runner[object]) -> None:
    """Ids joined pair by pair, in a circle and with numbers, are one; its payments are all."""
    ids = [f"id{n}" for n in range(6)]
    for n, name in enumerate(ids):
        tell(web, name, "paid", f"p{n}", at=NOW + n, amount=10 + n)
    for n, name in enumerate(ids):
        tell(web, name, "identified", f"i{n}", other_id=ids[(n + 1) % 6])
    tell(web, "id3", "identified", "number", msisdn=MINE)
    settled(fold)
    assert len({opened(web, name).subject for name in ids}) == 1
    assert opened(web, "id0").subject.startswith("000000")
    assert [p.amount for p in state(web, "id5").payments] == [100 * (10 + n) for n in range(6)]
    assert {a.name for a in state(web, "id0").known} == {"carrier", "city", "province"}


def test_the_token_of_an_anonymous_visit_is_good_for_the_known_visitor(web: Web) -> None:
    """A visitor known to a device stays known to it by the other id, and the numbers come along."""
    token = web.ask("anonymous", "banner").device_token
    typed(web, "anonymous", token, MINE)
    tell(web, "anonymous", "identified", "i", other_id="login")
    answer = web.ask("login", "prefill", page="recharge", device_token=token)
    assert prefill(answer)[:2] == ("carried", MINE)
    assert prefill(web.ask("login", "prefill", page="else"))[1] is None


def test_no_number_and_no_text_is_written_down(web: Web, fold: Runner[object]) -> None:
    """Not in the journal, not in a key, not in a value: the whole store is searched."""
    token = web.ask("v", "prefill").device_token
    typed(web, "v", token, MINE)
    tell(web, "v", "identified", "i", msisdn=MINE)
    tell(web, "v", "paid", "p", amount=50, msisdn=MINE)
    tell(web, "v", "feedback", "f", caller=PAGE, scene="payment", score=3, text="call 13812345678")
    web.ask("v", "prefill", caller=SERVER, msisdn=number(MINE), device_token=token)
    settled(fold)
    needle = MINE[2:].encode()
    for key in web.store.client.scan(f"{web.store.keys.namespace}*"):
        dumped = web.store.client.call("DUMP", key)
        assert needle not in key.encode()
        assert needle not in dumped, key
    assert needle.decode() not in repr(web.entries())
    feedback = next(e.record for e in web.entries() if getattr(e.record, "type", "") == "feedback")
    assert isinstance(feedback, Event)
    told = {name: value for name, value in feedback.fields.items() if name != VIA}
    assert told == {"scene": "payment", "score": 3, "has_text": True}


def test_a_state_that_is_sent_twice_arrives_once(web: Web, fold: Runner[object]) -> None:
    """A worker that died between sending and committing sends again, and nothing is doubled."""
    tell(web, "a", "paid", "p", amount=50)
    tell(web, "a", "identified", "i", other_id="b")
    settled(fold)
    left = [e for e in web.entries() if isinstance(e.record, Event) and e.record.type == LEFT]
    before = len(web.entries())
    for entry in left:
        assert isinstance(entry.record, Event)
        web.store.journal.send([arriving(entry, entry.record)])
    settled(fold)
    assert len(left) <= 1
    assert len(web.entries()) == before
    assert [p.amount for p in state(web, "b").payments] == [5000]

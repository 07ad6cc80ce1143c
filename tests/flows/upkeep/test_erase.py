"""Forgetting a person: nothing of them is left, whatever the call died of; sums stay."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from flow_people import FRIENDS, MINE, number, opened, prefill, settled, tell, typed
from flow_web import NOW, PAGE, SERVER, Web

from nudge.domain.people.visitor import VisitorState
from nudge.domain.people.visitor_codec import decode_state
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.upkeep.erase import Eraser
from nudge.workers.runner import Runner


@pytest.fixture
def fold(web: Web) -> Runner[object]:
    made: Any = AttributeFold(web.store)
    return Runner(web.store, made, "test")


def eraser(web: Web) -> Eraser:
    return Eraser(web.store, web.sealer)


def person(web: Web) -> str:
    """A person with two ids, a number of their own, a friend's number, and a text; their token."""
    token = web.ask("p", "banner").device_token
    typed(web, "p", token, FRIENDS, NOW - 5)
    typed(web, "p", token, MINE)
    tell(web, "p", "paid", "paid", amount=50)
    tell(web, "p", "identified", "i1", msisdn=MINE)
    tell(web, "p", "identified", "i2", other_id="login")
    tell(web, "p", "feedback", "f", caller=PAGE, scene="payment", score=2, text="my name is Li")
    return token


def left_of(web: Web) -> dict[str, list[str]]:
    """Family -> the vault's keys."""
    found: dict[str, list[str]] = {}
    for key in web.store.client.scan(f"{web.store.keys.namespace}*"):
        family = key.split(":")[2]
        if family in {"vault", "person", "numbers", "texts", "assigned"}:
            found.setdefault(family, []).append(key)
    return found


def test_nothing_is_left_of_a_person(web: Web, fold: Runner[object]) -> None:
    """All ids, the numbers, the texts, what sticks and the state are gone; other people stay."""
    web.ask("stranger", "banner")
    before = left_of(web)
    token = person(web)
    settled(fold)
    subject = opened(web, "p")
    done = eraser(web).erase("login", "test", 0.0)
    settled(fold)
    assert (done.found, done.subjects, done.texts) == (True, 3, 1)
    assert left_of(web) == before
    state = web.store.client.call("GET", web.store.keys.visitor(subject.partition, subject.subject))
    emptied = decode_state(state)
    assert emptied == VisitorState(watermark=emptied.watermark)
    assert web.store.log_rewrite.is_wanted()
    answer = web.ask("p", "prefill", "denomination", device_token=token, page="again")
    assert prefill(answer) == ("blank", None, None)
    assert opened(web, "p").subject != subject.subject


def test_forgetting_twice_finds_nobody(web: Web) -> None:
    """The second call is no error: the person is forgotten."""
    person(web)
    assert eraser(web).erase("p", "test", 0.0).found
    assert not eraser(web).erase("p", "test", 0.0).found
    assert not eraser(web).erase("never heard of", "test", 0.0).found


def test_a_number_that_is_somebodys_stays_theirs(web: Web, fold: Runner[object]) -> None:
    """A visitor who typed a friend's number is forgotten; the friend, who is a customer, is not."""
    tell(web, "friend", "identified", "if", msisdn=FRIENDS)
    tell(web, "friend", "paid", "pf", amount=100)
    person(web)
    settled(fold)
    eraser(web).erase("p", "test", 0.0)
    settled(fold)
    friend = opened(web, "friend")
    assert friend.state is not None
    assert decode_state(friend.state).last_amount == 10_000
    assert friend.numbers


@pytest.mark.parametrize("deletions", range(12))
def test_a_call_that_died_can_be_repeated(
    web: Web, fold: Runner[object], monkeypatch: pytest.MonkeyPatch, deletions: int
) -> None:
    """Broken off behind any of its deletions, the same call, or by the other id, does the rest."""
    web.ask("stranger", "banner")
    before = left_of(web)
    person(web)
    settled(fold)
    execute, seen = web.store.client._execute, 0

    def dying(*command: object) -> object:
        nonlocal seen
        if command[0] == "DEL":
            seen += 1
            if seen > deletions:
                raise KeyboardInterrupt
        return execute(*command)

    with monkeypatch.context() as patch:
        patch.setattr(web.store.client, "_execute", dying)
        with suppress(KeyboardInterrupt):
            eraser(web).erase("p", "test", 0.0)
    eraser(web).erase("p", "test", 0.0)
    settled(fold)
    assert left_of(web) == before


def test_a_rebuild_forgets_as_well(web: Web, fold: Runner[object]) -> None:
    """The journal says that the subject is forgotten: reading it again comes to the same."""
    person(web)
    settled(fold)
    eraser(web).erase("p", "test", 0.0)
    web.ask("p", "banner", caller=SERVER, msisdn=number(MINE))
    tell(web, "p", "paid", "later", amount=30, at=None)
    settled(fold)
    hashed = web.sealer.visitor_hash("p")
    home = web.sealer.partition(hashed, web.store.keys.partitions)
    found = web.store.visitors.known_visitor(home, hashed)
    assert found is not None
    assert found.state is not None
    assert [p.amount for p in decode_state(found.state).payments] == [3000]

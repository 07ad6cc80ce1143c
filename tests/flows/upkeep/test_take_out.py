"""A number leaves the books of all who typed it; forgetting by number."""

from __future__ import annotations

from typing import Any

import pytest
from flow_people import FRIENDS, MINE, number, opened, prefill, settled, tell, typed
from flow_web import NOW, Web

from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.upkeep.erase import Eraser
from nudge.flows.upkeep.take_out import NumberRemoval, take_out
from nudge.workers.runner import Runner


@pytest.fixture
def fold(web: Web) -> Runner[object]:
    made: Any = AttributeFold(web.store)
    return Runner(web.store, made, "test")


def taken(web: Web, text: str) -> NumberRemoval:
    return take_out(web.store, web.sealer.vault, {number(text)}, lambda _: None)


def readable(web: Web) -> list[str]:
    """Every number that the vault holds."""
    vault = web.sealer.vault
    found = (vault.open(x.cipher, x.about).split()[1] for x in web.store.books.numbers())
    return sorted(found)


def test_a_number_leaves_every_book_and_no_other_does(web: Web) -> None:
    """The number goes, whoever typed it on whatever device; others stay, and are filled in."""
    tokens = {name: web.ask(name, "banner").device_token for name in ("a", "b")}
    for name, token in tokens.items():
        typed(web, name, token, MINE, NOW - 5)
        typed(web, name, token, FRIENDS, NOW - 4)
    typed(web, "b", tokens["b"], MINE, NOW - 3)
    assert taken(web, MINE) == NumberRemoval(2, 0)
    assert readable(web) == [FRIENDS, FRIENDS]
    at_a = web.ask("a", "prefill", device_token=tokens["a"], page="recharge")
    at_b = web.ask("b", "prefill", device_token=tokens["b"], page="recharge")
    assert prefill(at_a)[1] == FRIENDS
    assert prefill(at_b)[1] is None  # what was typed last is gone; nothing else was recharged
    assert taken(web, MINE) == NumberRemoval(0, 0)


def test_a_number_may_be_typed_again(web: Web) -> None:
    """Taken out is not forbidden: the next time it is like any other."""
    token = web.ask("a", "banner").device_token
    typed(web, "a", token, MINE, NOW - 5)
    taken(web, MINE)
    typed(web, "a", token, MINE, NOW - 1)
    assert prefill(web.ask("a", "prefill", device_token=token, page="recharge"))[1] == MINE


def test_whoever_is_known_by_a_number_is_forgotten_by_it(web: Web, fold: Runner[object]) -> None:
    """Under all ids; a second time there is nobody; whoever typed the number keeps their own."""
    token = web.ask("friend", "banner").device_token
    typed(web, "friend", token, MINE)
    web.ask("p", "banner")
    tell(web, "p", "identified", "i", msisdn=MINE)
    tell(web, "p", "paid", "paid", amount=50)
    settled(fold)
    subject = opened(web, "p").subject
    eraser = Eraser(web.store, web.sealer)
    found = eraser.erase_number(number(MINE), "test", 0.0)
    assert (found.found, found.numbers) == (True, 1)
    settled(fold)
    web.ask("p", "banner")
    assert opened(web, "p").subject != subject
    assert not eraser.erase_number(number(MINE), "test", 0.0).found
    assert readable(web) == [MINE]
    assert taken(web, MINE).taken == 1


def test_a_number_that_was_only_typed_is_forgotten(web: Web) -> None:
    """Nobody is known by it; the vault then does not know the number either."""
    token = web.ask("a", "banner").device_token
    typed(web, "a", token, FRIENDS)
    eraser = Eraser(web.store, web.sealer)
    assert eraser.erase_number(number(FRIENDS), "test", 0.0).found
    taken(web, FRIENDS)
    hashed = web.sealer.number_hash(number(FRIENDS))
    home = web.sealer.partition(hashed, web.store.keys.partitions)
    assert not web.store.client.call("EXISTS", web.store.keys.vault(home, hashed))
    assert readable(web) == []

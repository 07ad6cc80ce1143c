"""Of whom only pages ever spoke, nothing stays in the store; a server's word keeps them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flow_people import FRIENDS, MINE, opened, tell, typed
from flow_web import NOW, PAGE, SERVER, Web

from nudge import store as store_room
from nudge.domain.choosing.requests import EventRequest
from nudge.domain.identity.sealing import Home
from nudge.errors import StoreAwayError
from nudge.flows.serving.drain import drain
from nudge.flows.upkeep.erase import Eraser
from nudge.spool.spool import Spool
from nudge.store.vault.lives import NUMBER_LIFE, PAGE_LIFE
from nudge.store.wire.client import Client

VAULT = ("vault", "person", "numbers", "texts")
DAY = 86_400


def lives(web: Web) -> dict[str, int]:
    """Each key of the vault and the seconds that it has left; -1 is for ever."""
    keys = sorted(web.store.client.scan(f"{web.store.keys.namespace}:{{p*"))
    mine = [key for key in keys if key.split(":")[2] in VAULT]
    return {key: int(web.store.client.call("TTL", key)) for key in mine}


def expire(web: Web) -> int:
    """Let whatever has a life come to its end; return how many keys that were."""
    found = [key for key, left in lives(web).items() if left >= 0]
    for key in found:
        web.store.client.call("DEL", key)
    return len(found)


def shorten(web: Web, seconds: int) -> None:
    """Let time pass for the vault."""
    for key, left in lives(web).items():
        if left >= 0:
            web.store.client.call("EXPIRE", key, left - seconds)


def page_visitor(web: Web, visitor: str = "v") -> str:
    """A visitor who asked, typed a number and wrote a text; return the device's token."""
    token = web.ask(visitor, "banner", "prefill").device_token
    typed(web, visitor, token, MINE)
    tell(web, visitor, "feedback", "f", caller=PAGE, scene="after_payment", text="好" * 200)
    return token


def test_s06_store_a_page_visitor_leaves_wholly(web: Web) -> None:
    """Vault, person, numbers and texts have one life, which each record begins anew."""
    page_visitor(web)
    found = lives(web)
    assert {key.split(":")[2] for key in found} == set(VAULT)
    of_numbers = [left for left in found.values() if left > PAGE_LIFE]
    assert len(of_numbers) == 2
    assert all(NUMBER_LIFE - 5 <= left <= NUMBER_LIFE for left in of_numbers)
    assert all(left >= PAGE_LIFE - 5 for left in found.values())
    shorten(web, 3 * DAY)
    tell(web, "v", "step", "s", caller=PAGE, step="pay_tapped")
    again = [left for left in lives(web).values() if left <= PAGE_LIFE]
    assert len(again) == 4
    assert min(again) >= PAGE_LIFE - 5
    shorten(web, 3 * DAY)
    web.ask("v", "denomination")
    assert min(left for left in lives(web).values()) >= PAGE_LIFE - 5
    assert expire(web) == 6
    assert lives(web) == {}
    before = web.ask("v", "banner").decisions["banner"]
    assert not before.sticky


SPEAKS: dict[str, Callable[[Web], object]] = {
    "decision": lambda web: web.ask("v", "banner", caller=SERVER),
    "event": lambda web: tell(web, "v", "paid", "order", amount=50),
    "identified": lambda web: tell(web, "v", "identified", "id", other_id="login"),
    "msisdn": lambda web: tell(web, "v", "identified", "id", msisdn=FRIENDS),
    "plans": lambda web: list(
        web.store.visitors.open_each([_home(web, "v")], besides=False),
    ),
}


def _home(web: Web, visitor: str) -> Home:
    hashed = web.sealer.visitor_hash(visitor)
    return Home(hashed, web.sealer.partition(hashed, web.store.keys.partitions))


@pytest.mark.parametrize("word", SPEAKS)
def test_s06_store_a_servers_word_keeps_a_visitor(web: Web, word: str) -> None:
    """However a server speaks of somebody, before or after a page does: nothing of them expires."""
    page_visitor(web)
    book, texts = opened(web, "v").numbers.keys(), web.store.visitors.texts
    SPEAKS[word](web)
    web.ask("v", "banner")
    tell(web, "v", "step", "after", caller=PAGE, step="pay_tapped")
    kept = opened(web, "v")
    # The number that a page typed is nobody's so far, and has a life of its own.
    assert expire(web) == 2
    after = opened(web, "v")
    assert after == kept
    assert book <= after.numbers.keys()
    assert len(texts(Home(after.subject, after.partition))) == 1


def test_s06_store_a_servers_word_by_a_decision_keeps_a_visitor(web: Web) -> None:
    """A server's event that names a decision, and no id, speaks of its visitor as well."""
    page_visitor(web)
    subject = opened(web, "v").subject
    decision = web.ask("v", "banner").decisions["banner"].decision_id
    sent = EventRequest("order", "paid", None, NOW, decision, fields={})
    assert web.recorder.record([sent], SERVER, NOW).accepted == 1
    assert expire(web) == 2
    assert opened(web, "v").subject == subject
    assert Eraser(web.store, web.sealer).erase("v", "test", 0.0).texts == 1


def test_s06_store_a_number_that_a_server_names_lasts(web: Web) -> None:
    """A number that was typed on a page and then paid for by a server is known for good."""
    page_visitor(web)
    tell(web, "other", "paid", "order", msisdn=MINE, amount=50)
    assert [left for left in lives(web).values() if left > PAGE_LIFE] == []


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], object]]:
    """The store is away until the returned function is called."""

    def gone(*_: object) -> object:
        raise StoreAwayError("away")

    with monkeypatch.context() as patch:
        patch.setattr(Client, "run", gone)
        yield patch.undo


def test_s06_store_who_came_in_an_outage_is_a_page_visitor(
    web: Web, away: Callable[[], object]
) -> None:
    """A page's decision that waited in the spool is no server's word; a server's own one is."""
    web.ask("by-page", "banner")
    web.ask("by-server", "banner", caller=SERVER)
    away()
    spool: Spool = web.decider.spool
    spool.hand_over()
    assert drain(web.store, spool) == 2
    found = sorted(lives(web).values())
    assert found[:2] == [-1, -1]
    assert all(PAGE_LIFE - 5 <= left <= PAGE_LIFE for left in found[2:])
    assert len(found) == 4


def test_s06_store_texts_of_a_visitor_are_bounded(web: Web) -> None:
    """A page's feedback fills 64 KiB of a visitor's book and no more, however often it is sent."""
    for i in range(60):
        text = "好" * 1000
        tell(web, "v", "feedback", f"f{i}", caller=PAGE, scene="after_payment", text=text)
    kept = web.store.visitors.texts(Home(opened(web, "v").subject, opened(web, "v").partition))
    assert 15 < len(kept) <= 65_536 // 3000
    assert sum(map(len, kept.values())) <= 65_536


def test_s06_store_scripts_have_the_lives_of_the_vault() -> None:
    """The numbers in the scripts are those that the vault's module gives reasons for."""
    scripts = Path(str(store_room.__file__)).parent / "lua"
    found = {
        (name, int(value))
        for path in scripts.glob("*.lua")
        for name, value in re.findall(
            r"(page|number)_life = (?:math\.max\()?(\d+)", path.read_text()
        )
    }
    assert found == {("page", PAGE_LIFE), ("number", NUMBER_LIFE)}

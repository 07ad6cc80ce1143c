"""The vault's key is rotated: everything is encrypted anew, and nothing is lost by it."""

from __future__ import annotations

import pytest
from flow_people import FRIENDS, MINE, tell, typed
from flow_web import NOW, PAGE, Web

from nudge.domain.identity.vault_seal import VaultSeal
from nudge.errors import CorruptRecordError
from nudge.flows.upkeep.reseal import ResealResult, reseal
from nudge.store.vault.books import Books, SealedEntry

OLD, NEW = b"an older secret", b"a newer secret"
BOTH = VaultSeal({1: OLD, 2: NEW})


@pytest.fixture
def written(web: Web) -> Web:
    """A vault with two numbers and a text, of two people, under the old key."""
    web.sealer.vault = VaultSeal({1: OLD})
    token = web.ask("p", "banner").device_token
    typed(web, "p", token, FRIENDS, NOW - 5)
    tell(web, "q", "identified", "i1", msisdn=MINE)
    tell(web, "p", "feedback", "f", caller=PAGE, scene="payment", score=2, text="my name is Li")
    return web


def walk(web: Web, vault: VaultSeal) -> ResealResult:
    return reseal(web.store, vault, lambda _: None)


def everything(web: Web, vault: VaultSeal) -> list[str]:
    """The content of the vault, read with these keys."""
    sealed = [*web.store.books.numbers(), *web.store.books.texts()]
    return sorted(vault.open(one.cipher, one.about).split(" ", 1)[-1] for one in sealed)


def test_afterwards_the_newer_key_is_enough(written: Web) -> None:
    """Everything can be read with it alone, and nothing with the older one alone."""
    assert walk(written, BOTH) == ResealResult(resealed=3)
    assert everything(written, VaultSeal({2: NEW})) == [MINE, FRIENDS, "name is Li"]
    with pytest.raises(CorruptRecordError):
        everything(written, VaultSeal({1: OLD}))


def test_a_second_walk_finds_nothing_to_do(written: Web) -> None:
    """It may be broken off and begun again."""
    walk(written, BOTH)
    assert walk(written, BOTH) == ResealResult(current=3)


def test_what_cannot_be_read_is_counted_and_left(written: Web) -> None:
    """Without the older key nothing is touched: giving it later still reads everything."""
    assert walk(written, VaultSeal({2: NEW})) == ResealResult(unreadable=3)
    assert everything(written, VaultSeal({1: OLD})) == [MINE, FRIENDS, "name is Li"]


def test_what_somebody_else_writes_meanwhile_is_kept(
    written: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number that was removed stays so; one that was written anew is not overwritten."""
    sealed = next(written.store.books.numbers())
    other = VaultSeal({2: NEW}).seal("+8613800138000 13800138000", sealed.about)
    put = Books.replace

    def late(books: Books, one: SealedEntry, cipher: bytes) -> bool:
        if one.field == sealed.field:
            books.client.call("HSET", one.key, one.field, other)
        elif one.key.count(":texts:"):
            books.client.call("DEL", one.key)
        return put(books, one, cipher)

    monkeypatch.setattr(Books, "replace", late)
    assert walk(written, BOTH) == ResealResult(resealed=1, changed=2)
    assert written.store.client.call("HGET", sealed.key, sealed.field) == other
    assert not list(written.store.books.texts())

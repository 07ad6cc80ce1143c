"""A refusal outlives files and erasures: only the visitor's own later word lifts it."""

from __future__ import annotations

from typing import Any

import pytest
from flow_people import MINE, number, opened, settled, state, tell
from flow_web import NOW, Web

from nudge import faults
from nudge.domain.people.loading import FileConsent, VisitorRow
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.upkeep.erase import Eraser
from nudge.flows.upkeep.load import VisitorLoader
from nudge.workers.runner import Runner

DAY = 86_400.0


class Killed(BaseException):
    """The end of a process at a point."""


@pytest.fixture
def fold(web: Web) -> Runner[object]:
    made: Any = AttributeFold(web.store)
    return Runner(web.store, made, "test")


def load(web: Web, visitor: str, *, given: bool, at: float | None = None, msisdn: str = "") -> None:
    own = number(msisdn) if msisdn else None
    row = VisitorRow(visitor, own, {}, {"sms": FileConsent(given, at)})
    VisitorLoader(web.store, web.sealer).load([row])


def sms(web: Web, fold: Runner[object], visitor: str) -> bool | None:
    settled(fold)
    said = {one.channel: one.given for one in state(web, visitor).consents}
    return said.get("sms")


def test_f16_an_old_file_lifts_no_refusal(web: Web, fold: Runner[object]) -> None:
    """A file without times says yes to whom nobody asked; it does not undo a no."""
    load(web, "new", given=True)
    load(web, "v", given=True)
    assert sms(web, fold, "new") is True
    tell(web, "v", "consent", "c", channel="sms", given=False)
    row = VisitorRow("v", None, {"tariff": "a"}, {"sms": FileConsent(given=True)})
    VisitorLoader(web.store, web.sealer).load([row])
    assert sms(web, fold, "v") is False


def test_f16_the_time_of_a_consent_decides(web: Web, fold: Runner[object]) -> None:
    """Of a refusal and a file's yes with a time the later one counts, whichever comes first."""
    tell(web, "later", "consent", "c1", channel="sms", given=False)
    load(web, "later", given=True, at=NOW + DAY)
    tell(web, "earlier", "consent", "c2", channel="sms", given=False)
    load(web, "earlier", given=True, at=NOW - DAY)
    assert (sms(web, fold, "later"), sms(web, fold, "earlier")) == (True, False)


def test_f16_who_refused_and_was_erased_is_never_loaded_back(
    web: Web, fold: Runner[object]
) -> None:
    """Neither by the id nor by the number, with a time or without; other people are."""
    tell(web, "v", "identified", "i", msisdn=MINE)
    tell(web, "v", "consent", "c", channel="sms", given=False)
    settled(fold)
    assert Eraser(web.store, web.sealer).erase("v", "test", 0.0).found
    load(web, "v", given=True)
    load(web, "v", given=True, at=NOW + 2 * DAY)
    load(web, "other id", given=True, at=NOW + 2 * DAY, msisdn=MINE)
    load(web, "somebody", given=True)
    assert sms(web, fold, "v") is False
    assert sms(web, fold, "other id") is False
    assert sms(web, fold, "somebody") is True


def test_f16_their_own_later_word_lifts_it(web: Web, fold: Runner[object]) -> None:
    """The event `consent` with given true, of after the refusal."""
    tell(web, "v", "consent", "c", channel="sms", given=False)
    Eraser(web.store, web.sealer).erase("v", "test", 0.0)
    tell(web, "v", "consent", "old", channel="sms", given=True, at=NOW - DAY)
    assert sms(web, fold, "v") is False
    tell(web, "v", "consent", "new", channel="sms", given=True, at=NOW + DAY)
    assert sms(web, fold, "v") is True


def test_f16_nothing_else_is_known_of_them(web: Web, fold: Runner[object]) -> None:
    """Nobody is found under the id, and a second erasure finds nobody."""
    tell(web, "v", "paid", "p", amount=50)
    tell(web, "v", "consent", "c", channel="sms", given=False)
    settled(fold)
    before = opened(web, "v").subject
    eraser = Eraser(web.store, web.sealer)
    assert eraser.erase("v", "test", 0.0).found
    assert not eraser.erase("v", "test", 0.0).found
    hashed = web.sealer.visitor_hash("v")
    home = web.sealer.partition(hashed, web.store.keys.partitions)
    assert web.store.visitors.known_visitor(home, hashed) is None
    tell(web, "v", "paid", "again", amount=20)
    settled(fold)
    assert opened(web, "v").subject != before
    assert [one.amount for one in state(web, "v").payments] == [2000]
    assert sms(web, fold, "v") is False
    assert eraser.erase("v", "test", 0.0).found
    tell(web, "v", "paid", "third", amount=20)
    assert sms(web, fold, "v") is False


def test_f16_a_complaint_outlives_the_erasure(web: Web, fold: Runner[object]) -> None:
    """Its pause goes on."""
    tell(web, "v", "complaint", "c")
    settled(fold)
    Eraser(web.store, web.sealer).erase("v", "test", 0.0)
    tell(web, "v", "paid", "p", amount=20)
    settled(fold)
    assert state(web, "v").complained_at == NOW


@pytest.mark.parametrize("point", ["erase.after_note", "erase.after_id"])
@pytest.mark.parametrize("by", ["v", "login"])
def test_f16_an_erasure_that_died_keeps_the_refusal(
    web: Web, fold: Runner[object], monkeypatch: pytest.MonkeyPatch, point: str, by: str
) -> None:
    """Dead at any point, the same call, or one by the other id, does the rest."""
    tell(web, "v", "identified", "i", msisdn=MINE)
    tell(web, "v", "identified", "j", other_id="login")
    tell(web, "v", "consent", "c", channel="sms", given=False)
    settled(fold)

    def die(name: str, _: str = "") -> None:
        if name == point:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(faults, "point", die)
        with pytest.raises(Killed):
            Eraser(web.store, web.sealer).erase("v", "test", 0.0)
    settled(fold)
    for name in (by, "v"):
        Eraser(web.store, web.sealer).erase(name, "test", 0.0)
    for name in ("v", "login"):
        load(web, name, given=True, at=NOW + DAY)
        assert sms(web, fold, name) is False
    assert opened(web, "v").subject != opened(web, "login").subject

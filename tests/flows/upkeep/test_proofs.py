"""Proofs of consent: each change leaves one, which outlives the erasure by the set months."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flow_people import FRIENDS, MINE, number, opened, settled, tell
from flow_web import NOW, Web

from nudge import faults
from nudge.domain.identity.sealing import Home
from nudge.domain.people.consent_proof import ConsentProof
from nudge.domain.people.loading import FileConsent, VisitorRow
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.upkeep.erase import Eraser
from nudge.flows.upkeep.load import VisitorLoader
from nudge.flows.upkeep.proofs import ProofRemoval, find_proofs
from nudge.flows.upkeep.rebuild import Rebuild
from nudge.lake.files.history import History
from nudge.lake.files.reader import Lake
from nudge.workers.runner import Runner

DAY = 86_400.0
MONTH = 31 * DAY


class Killed(BaseException):
    """The end of a process at a point."""


@pytest.fixture
def fold(web: Web) -> Runner[object]:
    made: Any = AttributeFold(web.store)
    return Runner(web.store, made, "test")


def home_of(web: Web, hashed: str) -> Home:
    return Home(hashed, web.sealer.partition(hashed, web.store.keys.partitions))


def by_id(web: Web, visitor: str) -> tuple[ConsentProof, ...]:
    return find_proofs(web.store, home_of(web, web.sealer.visitor_hash(visitor))).proofs


def by_number(web: Web, text: str) -> tuple[ConsentProof, ...]:
    return find_proofs(web.store, home_of(web, web.sealer.number_hash(number(text)))).proofs


def agree(web: Web, visitor: str = "v") -> None:
    """A consent by event, a refusal by reply, and a number that leads to the visitor."""
    tell(web, visitor, "identified", "i", msisdn=MINE)
    tell(web, visitor, "identified", "j", other_id="login")
    said = {"channel": "sms", "given": True, "text_version": "2026-03", "source": "app"}
    tell(web, visitor, "consent", "c", **said)
    tell(web, visitor, "sms_reply", "r", at=NOW + DAY, text="TD", refusal="td")


def test_each_change_leaves_a_proof(web: Web, fold: Runner[object]) -> None:
    """A consent, a file's row and a reply leave proofs with version, source, word and time."""
    agree(web)
    row = VisitorRow("v", None, {}, {"call": FileConsent(given=True, at=NOW - DAY)})
    VisitorLoader(web.store, web.sealer).load([row])
    tell(web, "v", "sms_reply", "other", text="thanks")
    settled(fold)
    call, yes, no = by_id(web, "v")
    assert (call.channel, call.given, call.source, call.at) == ("call", True, "file", NOW - DAY)
    assert (yes.given, yes.text_version, yes.source) == (True, "2026-03", "app")
    assert (yes.name, yes.ended) == ("server:consent:c", NOW + DAY)
    assert (no.given, no.source, no.word) == (False, "reply", "td")
    assert (no.at, no.ended) == (NOW + DAY, None)
    assert by_id(web, "login") == by_number(web, MINE) == (call, yes, no)
    assert by_id(web, "nobody") == by_number(web, FRIENDS) == ()


def test_a_reply_that_comes_late_does_not_undo_a_later_yes(web: Web, fold: Runner[object]) -> None:
    """The time of a reply decides: one of before a consent leaves it as it is."""
    tell(web, "v", "consent", "c", channel="sms", given=True, at=NOW)
    tell(web, "v", "sms_reply", "early", at=NOW - DAY, text="TD", refusal="td")
    settled(fold)
    assert [one.given for one in by_id(web, "v")] == [False, True]
    tell(web, "v", "sms_reply", "late", at=NOW + DAY, text="TD", refusal="td")
    tell(web, "v", "sms_reply", "late", at=NOW + DAY, text="TD", refusal="td")
    settled(fold)
    assert [one.given for one in by_id(web, "v")] == [False, True, False]


def test_proofs_outlive_the_erasure_under_hashes(web: Web, fold: Runner[object]) -> None:
    """An id or a number that led to the visitor leads to the proofs; nothing else does any more."""
    agree(web)
    settled(fold)
    subject = opened(web, "v").subject
    assert Eraser(web.store, web.sealer).erase("v", "test", 0.0).found
    settled(fold)
    for found in (by_id(web, "v"), by_id(web, "login"), by_number(web, MINE)):
        assert [(one.given, one.word) for one in found] == [(True, ""), (False, "td")]
        assert all(one.ended is not None for one in found)
    keys = [key for p in ("proofs", "past_proofs") for key in web.store.client.scan(f"*:{p}:*")]
    assert len(keys) == 3
    text = repr([web.store.client.read_hash(key) for key in keys])
    assert not any(name in text for name in (subject, MINE, "login"))
    assert {one.subject for one in web.store.proofs.walk()} == {""}


def test_what_the_fold_has_not_read_is_kept_too(web: Web, fold: Runner[object]) -> None:
    """A consent that was accepted a moment before the erasure has its proof afterwards."""
    agree(web)
    assert Eraser(web.store, web.sealer).erase("v", "test", 0.0).found
    settled(fold)
    assert [one.given for one in by_number(web, MINE)] == [True, False]
    assert {one.subject for one in web.store.proofs.walk()} <= {""}


def test_an_erasure_that_died_keeps_the_proofs(
    web: Web, fold: Runner[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dead behind the copy, the same call does the rest, and each proof is there once."""
    agree(web)
    settled(fold)

    def die(name: str, _: str = "") -> None:
        if name in {"erase.after_proofs", "erase.after_id"}:
            raise Killed

    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(faults, "point", die)
            with pytest.raises(Killed):
                Eraser(web.store, web.sealer).erase("v", "test", 0.0)
    Eraser(web.store, web.sealer).erase("v", "test", 0.0)
    settled(fold)
    assert [one.given for one in by_number(web, MINE)] == [True, False]


def test_proofs_go_when_their_months_are_over(web: Web, fold: Runner[object]) -> None:
    """A proof goes the set months behind its end; the last word of a known visitor stays."""
    agree(web)
    tell(web, "w", "consent", "cw", channel="sms", given=True)
    settled(fold)
    removal = ProofRemoval(web.store, "Asia/Shanghai")
    assert removal.run(NOW + 5 * MONTH, 6) == 0
    assert len(by_id(web, "v")) == 2
    assert removal.run(NOW + 8 * MONTH, 6) == 1
    assert [one.word for one in by_id(web, "v")] == ["td"]
    assert removal.run(NOW + 900 * MONTH, 6) == 0
    assert len(by_id(web, "w")) == 1
    Eraser(web.store, web.sealer).erase("v", "test", 0.0)
    settled(fold)
    assert by_number(web, MINE)
    assert removal.run(NOW + 900 * MONTH, 6) == 3
    assert by_number(web, MINE) == by_id(web, "v") == ()
    assert removal.run(NOW + 900 * MONTH, 6) == 0


def test_a_rebuild_keeps_and_restores_proofs(
    web: Web, fold: Runner[object], tmp_path: Path
) -> None:
    """A rebuild leaves each proof as it is, and makes those again that were lost."""
    agree(web)
    tell(web, "gone", "consent", "cg", channel="sms", given=True)
    settled(fold)
    Eraser(web.store, web.sealer).erase("gone", "test", 0.0)
    settled(fold)
    fold._release()  # type: ignore[attr-defined] # a worker that stops
    before, past = by_id(web, "v"), by_id(web, "gone")
    assert len(before) == 2
    home = opened(web, "v")
    for lost in (False, True):
        if lost:
            web.store.proofs.forget(Home(home.subject, home.partition))
        history = History(Lake(tmp_path), web.sealer.unseal, web.store.journal.read)
        for p in web.store.keys.every_partition():
            Rebuild(web.store, history, "builder").run("attribute", p, lambda _: None)
        assert (by_id(web, "v"), by_id(web, "gone")) == (before, past)
    assert {one.subject for one in web.store.proofs.walk()} == {"", home.subject}

"""A store that lost what it had is recognised, harmed by nobody, and accepted without a lie."""

from __future__ import annotations

import json
from typing import Any

import pytest
from block_samples import append_block, planned
from child_processes import eventually
from rebuild_site import accept, archive, differences, fold_all, look, rebuild, rebuild_whole, wiped
from worker_site import Site

from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.records import Decision, Mark
from nudge.errors import InvalidConfigError, StoreError
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.upkeep.accept import Gap, StoreAcceptance
from nudge.lake.files.reader import Lake
from nudge.store.journal.journal import Journal
from nudge.store.keeping import identity
from nudge.store.keeping.fingerprint import StoreFingerprint, read_note, write_note
from nudge.store.keeping.identity import MARGIN, WrongStore
from nudge.workers.runner import Runner
from nudge.workers.store_check import StoreCheck


def copied(site: Site) -> list[tuple[str, Any]]:
    """All that the store has."""
    keys = sorted(site.store.client.scan(f"{site.store.keys.namespace}:*"))
    return [(key, site.store.client.call("DUMP", key)) for key in keys]


def put_back(site: Site, copy: list[tuple[str, Any]]) -> None:
    wiped(site)
    for key, value in copy:
        site.store.client.call("RESTORE", key, 0, value)


def trials(site: Site) -> int:
    return sum(row.trials for row in site.store.counts.totals("banner"))


@pytest.fixture
def known(site: Site) -> Site:
    """A store with a journal that was folded and archived, and noted."""
    assert look(site) is None
    site.visit(range(80))
    fold_all(site)
    archive(site)
    return site


def test_the_right_store_is_right(known: Site) -> None:
    """It has an id for ever; the note follows the archive and never goes back."""
    note = read_note(known.settings.store_note)
    assert note is not None
    assert note.store == known.store.identity.store_id()
    last = {p: known.store.journal.last_position(p) for p in known.store.keys.every_partition()}
    assert dict(note.positions) == last
    assert look(known) is None
    identity.note_archived(known.settings.store_note, {0: 1})
    assert read_note(known.settings.store_note) == note


def test_a_note_that_cannot_be_read_is_told(known: Site) -> None:
    """It is not taken for none: that would let any store pass."""
    known.settings.store_note.write_text("{")
    with pytest.raises(InvalidConfigError, match=r"store\.json"):
        look(known)


def test_an_empty_store_is_recognised_and_gives_no_position_twice(known: Site) -> None:
    """New records are kept behind all that was known; the alarm is a record; once."""
    wiped(known)
    wrong = look(known)
    assert wrong == look(known) == WrongStore("store_empty")
    assert "store accept" in str(wrong)
    known.visit(range(80, 96))
    note = read_note(known.settings.store_note)
    assert note is not None
    for p in known.store.keys.every_partition():
        entries = known.store.journal.read(p, 0, 1000)
        assert entries[0].position == note.positions[p] + MARGIN + 1
    marks = [r for r in known.records() if isinstance(r, Mark)]
    assert [(m.type, m.fields["reason"]) for m in marks] == [("wrong_store", "store_empty")]


def test_an_older_store_is_recognised(known: Site) -> None:
    """One position less than the archive has seen, in one partition, suffices."""
    known.store.client.call("DECR", known.store.keys.seq(3))
    assert look(known) == WrongStore("store_older")


def test_another_installation_s_store_is_recognised_and_not_touched(known: Site) -> None:
    """Another id: nothing is written there, not even a mark."""
    known.store.client.call("HSET", known.store.keys.config("store"), "id", "theirs")
    before = copied(known)
    assert look(known) == WrongStore("store_other")
    assert copied(known) == before


def test_whoever_dies_while_marking_is_replaced(
    known: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one finds the mark and lets the positions go on."""
    wiped(known)
    with monkeypatch.context() as patched:
        patched.setattr(Journal, "jump", lambda *_: (_ for _ in ()).throw(StoreError("died")))
        with pytest.raises(StoreError):
            look(known)
    assert known.store.journal.last_position(0) == 0
    assert look(known) == WrongStore("store_empty")
    assert known.store.journal.last_position(0) > MARGIN


def test_no_fold_runs_on_a_wrong_store(known: Site) -> None:
    """Workers take no lease there, and go on by themselves when the store was accepted."""
    wiped(known)
    guard = StoreCheck(known.store, known.settings.store_note)
    fold = AttributeFold(known.store)
    worker = Runner(known.store, fold, "w", 0.5, guard)
    assert not guard.admits()
    known.visit(range(80, 96))
    assert not eventually(lambda: worker.turn() > 0, 0.5)
    accept(known)
    assert guard.admits()
    rebuild(known)
    assert eventually(lambda: worker.turn() > 0)


@pytest.mark.parametrize("rebuilt_first", [True, False])
def test_an_empty_store_is_accepted(known: Site, *, rebuilt_first: bool) -> None:
    """Counts of the lake and of the new store add up; verify knows the gap and nothing else."""
    before = trials(known)
    wiped(known)
    look(known)
    known.visit(range(80, 120))
    gaps = accept(known)
    assert all(gap.after == gap.noted > 0 for gap in gaps)
    assert look(known) is None
    fold_all(known)
    assert trials(known) == 0  # the folds wait for the rebuild
    known.visit(range(120, 130))
    if not rebuilt_first:
        archive(known)
    assert not any(one.differences for one in rebuild_whole(known))
    fold_all(known)
    archive(known)
    assert trials(known) == before + 50
    assert differences(known) == []
    archived = Lake(known.settings.lake_dir).contents()
    assert archived.lost() == {gap.partition: gap.upto - gap.after for gap in gaps}


def test_an_older_store_is_accepted_with_all_that_it_kept(known: Site) -> None:
    """Records that nobody had read are folded; what only the lake has is counted again."""
    known.visit(range(80, 100))
    plans = [planned(f"{i * 8:032x}") for i in range(1000, 1005)]
    append_block(known.store, 0, plans)
    copy = copied(known)
    known.visit(range(100, 110))
    fold_all(known)
    archive(known)
    lost = trials(known)
    put_back(known, copy)
    known.visit(range(200, 203))  # before anybody looks; behind what the lake holds or not
    assert look(known) == WrongStore("store_older")
    known.visit(range(110, 130))
    accept(known)
    rebuild(known)
    fold_all(known)
    archive(known)
    assert look(known) is None
    assert lost == 110
    assert trials(known) >= 130
    lines = differences(known)
    assert not [line for line in lines if "position" in line or "totals" in line], lines
    unseal = Sealer(known.settings.secret_key).unseal
    found = [entry.record for entry in Lake(known.settings.lake_dir).entries(0, unseal)]
    assert [one for one in found if isinstance(one, Decision) and one.slot == "sms_timing"] == plans


def test_accepting_can_be_broken_off_and_run_again(
    known: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was done by then is done once; the store stays marked until the end."""
    wiped(known)
    look(known)
    known.visit(range(80, 120))
    with monkeypatch.context() as patched:
        patched.setattr(
            StoreAcceptance, "_accepted", _dies_in_the_middle(StoreAcceptance._accepted)
        )
        with pytest.raises(StoreError):
            accept(known)
    assert look(known) == WrongStore("store_empty")
    known.visit(range(120, 130))
    accept(known)
    rebuild(known)
    fold_all(known)
    archive(known)
    assert trials(known) == 130
    assert differences(known) == []


def _dies_in_the_middle(accepted: Any) -> Any:
    def dies(self: StoreAcceptance, gap: Gap, wrong: WrongStore) -> None:
        if gap.partition == 5:
            self._declare(gap, wrong)
            raise StoreError("died")
        accepted(self, gap, wrong)

    return dies


def test_another_store_is_accepted_behind_what_it_holds(known: Site) -> None:
    """Records of somebody else's store are never archived here."""
    write_note(known.settings.store_note, StoreFingerprint("ours", dict.fromkeys(range(8), 20)))
    known.settings.lake_dir.rename(known.settings.lake_dir.with_name("theirs"))
    assert look(known) == WrongStore("store_other")
    accept(known)
    known.visit(range(80, 96))
    rebuild(known)
    fold_all(known)
    archive(known)
    assert trials(known) == 16
    lake = Lake(known.settings.lake_dir)
    unseal = Sealer(known.settings.secret_key).unseal
    entries = [e for p in known.store.keys.every_partition() for e in lake.entries(p, unseal)]
    assert sum(isinstance(entry.record, Decision) for entry in entries) == 16


def test_it_needs_the_note(known: Site) -> None:
    """On a machine without the data directory, nobody can tell what was lost."""
    wiped(known)
    look(known)
    path = known.settings.store_note
    assert json.loads(path.read_text())["positions"]
    path.unlink()
    with pytest.raises(InvalidConfigError, match="data directory"):
        accept(known)

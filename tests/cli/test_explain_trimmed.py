"""A decision that left the journal: the web says so, the command finds it in the lake."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from block_samples import append_block, planned
from builders import decision
from click.testing import CliRunner

from nudge import cli as entry
from nudge.domain.basics.calendar import RECORD
from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.records import AWAY, Ref
from nudge.errors import NotFoundError, TrimmedError
from nudge.flows.folds.archive import ArchiveFold
from nudge.flows.serving.explain import explain
from nudge.lake.files.reader import Lake
from nudge.settings.settings import Settings
from nudge.store.journal.appends import Append
from nudge.wiring.stores import patient_store

MADE = decision(policy="uniform", policy_version=0, unit="")


def test_it_is_told_and_found(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trimmed is not unknown; with the lake at hand every kind of id is explained, one by one."""
    for name, value in settings.to_environ().items():
        monkeypatch.setenv(name, value)
    store = patient_store(settings)
    sealer = Sealer(settings.secret_key)
    away = replace(MADE, ref=Ref(0, AWAY | 99), at=1.79e9)
    (kept,) = store.journal.append_decisions(0, [MADE], 60)
    store.journal.append_once(0, [Append("", away)], closes=False)
    plans = [planned(f"{i:032x}") for i in range(5)]
    block = append_block(store, 0, plans)
    third = sealer.seal(Ref(0, block, 3))
    assert explain(store, sealer, third, RECORD)["subject"] == plans[3].subject
    lease = store.folds.seize(0, "archive", "test", 60)
    ArchiveFold(store, Lake(settings.lake_dir), sealer.seal_each).run([lease])
    store.client.call("XTRIM", store.keys.journal(0), "MINID", f"{block + 1}-0")
    ids = [sealer.seal(kept.ref), sealer.seal(Ref(0, AWAY | 99))]
    with pytest.raises(TrimmedError, match="left the journal"):
        explain(store, sealer, ids[0], RECORD)
    with pytest.raises(NotFoundError, match="while the store was away"):
        explain(store, sealer, ids[1], RECORD)
    for one in ids:
        done = CliRunner().invoke(entry.cli, ["explain", one, "--json"])
        assert done.exit_code == 0, done.output
        assert json.loads(done.stdout)["reproduced"]
    done = CliRunner().invoke(entry.cli, ["explain", third, "--json"])
    assert json.loads(done.stdout)["subject"] == plans[3].subject
    none = CliRunner().invoke(entry.cli, ["explain", sealer.seal(Ref(0, block, 5))]).exception
    assert isinstance(none, NotFoundError)
    unknown = sealer.seal(Ref(0, 500))
    error = CliRunner().invoke(entry.cli, ["explain", unknown]).exception
    assert isinstance(error, NotFoundError)
    assert not isinstance(error, TrimmedError)
    store.close()

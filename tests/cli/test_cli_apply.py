"""`nudge apply` for the whole configuration: diff, revision and audit entry for each file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from places import ROOT

from nudge import cli as entry
from nudge.cli.serve import apply_configured
from nudge.domain.journal.records import Mark
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.wiring.stores import patient_store

NAMES = [
    "contact.toml",
    "funnel.toml",
    "holidays.toml",
    "lexicon.toml",
    "monitors.toml",
    "segments.toml",
    "warnings.toml",
    "winback.toml",
    "worklist.toml",
]
Apply = Callable[..., Result]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The shipped configuration, to be edited."""
    return Path(shutil.copytree(ROOT / "config", tmp_path / "config"))


@pytest.fixture
def own(settings: Settings, config: Path) -> Settings:
    return replace(settings, config_dir=config)


@pytest.fixture
def apply(own: Settings, monkeypatch: pytest.MonkeyPatch) -> Apply:
    """Runs `nudge apply` on the test's own installation."""
    for name, value in own.to_environ().items():
        monkeypatch.setenv(name, value)

    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(entry.cli, ["apply", *map(str, arguments)])

    return invoke


def told(done: Result) -> Any:
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_o06_a_directory_is_applied_with_diff_and_audit_entry(
    apply: Apply, own: Settings, config: Path
) -> None:
    """All files at once; again nothing; a dry run writes nothing; a change is told."""
    first = told(apply(config, "--json"))
    assert [one["document"] for one in first if "document" in one] == NAMES
    assert {one["action"] for one in first} == {"create"}
    assert sum("slot" in one for one in first) == 5
    assert {one["action"] for one in told(apply(config, "--json"))} == {"unchanged"}
    edit(config / "contact.toml", "month = 4", "month = 5")
    file, why = config / "contact.toml", ("--why", "more room", "--who", "li")
    [dry] = told(apply(file, "--dry-run", "--json"))
    assert (dry["action"], dry["revision"], dry["written"]) == ("update", 2, False)
    assert dry["diff"] == ["caps.month: 4 -> 5"]
    [done] = told(apply(file, *why, "--json"))
    assert (done["revision"], done["written"]) == (2, True)
    store = patient_store(own)
    newest, oldest = store.documents.audits("contact.toml")
    assert (newest["who"], newest["why"], newest["diff"]) == ("li", "more room", done["diff"])
    assert (newest["revision"], oldest["action"]) == (2, "create")
    marks = [one for one in marks_of(store) if one.fields["document"] == "contact.toml"]
    assert [(one.fields["revision"], one.fields["who"]) for one in marks][1:] == [(2, "li")]
    shown = apply(file, "--history").stdout
    assert "contact.toml revision 2: update" in shown
    assert "by li: more room" in shown
    was = store.documents.revision("contact.toml", 1)
    assert was is not None
    assert "month = 4" in was.text
    store.close()


def marks_of(store: Store) -> list[Mark]:
    records = [entry.record for entry in store.journal.read(0, 0, 1000)]
    return [r for r in records if isinstance(r, Mark) and r.type == "configuration_applied"]


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("contact.toml", "[caps]", "[caps", "contact.toml: line "),
        ("contact.toml", "day = 1", "day = 3", "contact.toml: caps.day: "),
        ("contact.toml", '"holidays.toml"', '"feasts.toml"', "feasts.toml"),
        ("holidays.toml", '"2026-01-01"', '"2026-13-01"', "holidays.toml: forbidden"),
        ("segments.toml", "name = ", "nome = ", "segments.toml: "),
        ("funnel.toml", 'gap = "30m"', 'gap = "soon"', "funnel.toml: visit.gap: "),
    ],
)
def test_o06_what_is_broken_is_refused_whole(
    apply: Apply, own: Settings, config: Path, name: str, old: str, new: str, says: str
) -> None:
    """The file, the line or key and the cure are named; nothing beside it is written."""
    edit(config / name, old, new)
    done = apply(config)
    assert done.exit_code == 1
    assert says in str(done.exception)
    store = patient_store(own)
    assert (store.documents.current(), store.slots.current()) == ({}, {})
    store.close()


def test_o06_comments_are_no_change_and_settings_are_not_applied(
    apply: Apply, config: Path
) -> None:
    """A new revision says something new; nudge.toml is told where it belongs."""
    told(apply(config / "funnel.toml", "--json"))
    (config / "funnel.toml").write_text("# new\n" + (config / "funnel.toml").read_text())
    [same] = told(apply(config / "funnel.toml", "--json"))
    assert (same["action"], same["revision"], same["diff"]) == ("unchanged", 1, [])
    refused = apply(config / "nudge.toml")
    assert refused.exit_code == 1
    assert "restart" in str(refused.exception)


def test_o06_a_start_applies_what_the_store_has_not(
    own: Settings, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first start applies all; later ones warn of a file that differs, and leave it."""
    apply_configured(own)
    assert capsys.readouterr().err == ""
    edit(config / "contact.toml", "month = 4", "month = 5")
    apply_configured(own)
    warned = capsys.readouterr().err
    assert warned.count("warning") == 1
    assert f"run `nudge apply {config / 'contact.toml'}`" in warned
    store = patient_store(own)
    found = store.documents.current()
    assert sorted(found) == NAMES
    assert "month = 4" in found["contact.toml"].text
    store.close()

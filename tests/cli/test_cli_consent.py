"""`nudge consent` and `nudge contact`: proofs are handed out, texts and replies are checked."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pyarrow import csv
from pyarrow import parquet as pq

from nudge import cli as entry
from nudge.flows.folds.attribute import AttributeFold
from nudge.settings.settings import Settings
from nudge.wiring.command import open_installation
from nudge.workers.runner import Runner

MINE = "13812345678"
ROWS = f"""visitor_id,msisdn,consent_sms,consent_sms_at,consent_sms_text_version,consent_call
ada,{MINE},true,2026-03-01T10:00:00+08:00,v3,false
ben,,true,2026-03-02T10:00:00+08:00,,
"""
TEXT = "【中国移动】月底充值送流量，拒收请回复R"


def run(*words: str, given: str = "") -> Result:
    return CliRunner().invoke(entry.cli, words, input=given)


def told(*words: str, given: str = "") -> Any:
    done = run(*words, "--json", given=given)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def fold(settings: Settings) -> None:
    """The work of a worker with what was loaded."""
    with open_installation(settings) as installation:
        runner = Runner(installation.store, AttributeFold(installation.store), "test")
        while runner.turn():
            pass
        runner._release()


@pytest.fixture
def loaded(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """An installation that knows the consents of two customers, with the commands set to it."""
    for name, value in settings.to_environ().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("nudge.cli.people.erase.PATIENCE", 0.0)
    file = tmp_path / "customers.csv"
    file.write_text(ROWS, encoding="utf-8")
    assert run("load", "visitors", str(file)).exit_code == 0
    fold(settings)
    return settings


@pytest.mark.usefixtures("loaded")
def test_proofs_of_one_are_told() -> None:
    """The proofs of a visitor are found by an id and by a number, in words and as JSON."""
    found = told("consent", "export", "--visitor", "ada")
    by_channel = {one["channel"]: one for one in found["proofs"]}
    assert (by_channel["sms"]["given"], by_channel["call"]["given"]) == (True, False)
    assert by_channel["sms"]["at"] == "2026-03-01T10:00:00+08:00"
    assert {one["source"] for one in found["proofs"]} == {"file"}
    assert (by_channel["sms"]["text_version"], by_channel["call"]["text_version"]) == ("v3", None)
    assert told("consent", "export", "--number", "-", given=f"{MINE}\n") == found
    assert "Proofs of consent" in run("consent", "export", "--visitor", "ada").stdout
    assert run("consent", "export", "--visitor", "nobody").stdout.startswith("no proof")


def test_proofs_of_all_are_written(loaded: Settings, tmp_path: Path) -> None:
    """The file has a row for each proof, those of erased visitors by hash, in both formats."""
    assert run("erase", "ada", "--yes").exit_code == 0
    fold(loaded)
    tables = []
    for name in ("proofs.csv", "proofs.parquet"):
        file = tmp_path / name
        # Two proofs under each of two hashes, and one of a visitor who is known.
        assert told("consent", "export", "--out", str(file)) == {
            "file": str(file),
            "owners": 3,
            "proofs": 5,
        }
        read = csv.read_csv(file) if name.endswith("csv") else pq.read_table(file)
        tables.append(sorted(str(row) for row in read.select(["channel", "given"]).to_pylist()))
        assert MINE not in file.read_bytes().decode(errors="replace")
    assert tables[0] == tables[1]
    rows = pq.read_table(tmp_path / "proofs.parquet").to_pylist()
    assert sum(one["subject"] is None and one["hash"] is not None for one in rows) == 4
    assert all(one["ended"] for one in rows if one["hash"])
    found = told("consent", "export", "--number", MINE)
    assert [one["channel"] for one in found["proofs"]] == ["sms", "call"]


@pytest.mark.usefixtures("loaded")
def test_what_is_asked_wrongly_is_refused(tmp_path: Path) -> None:
    """A call that names nobody, two people, or another format tells the cure."""
    assert "--out FILE" in run("consent", "export").output
    both = run("consent", "export", "--visitor", "a", "--number", MINE)
    assert "not both" in both.output
    other = run("consent", "export", "--out", str(tmp_path / "proofs.txt"))
    assert other.exit_code == 1
    assert ".parquet" in str(other.exception)
    assert list(tmp_path.glob("*.txt")) == []


@pytest.mark.usefixtures("loaded")
def test_a_text_is_checked() -> None:
    """A text is told its parts and findings; the exit code says whether it may go out."""
    right = told("contact", "text", TEXT)
    assert (right["parts"], right["right"], right["findings"]) == (1, True, [])
    assert run("contact", "text", TEXT).stdout.startswith("20 字，1 条 (ucs2)")
    wrong = run("contact", "text", "-", "--language", "en", given="Top up today {name}\n")
    assert wrong.exit_code == 1
    for code in ("no_signature", "no_refusal", "open_variable"):
        assert code in wrong.stdout
    assert run("contact", "text", "【移动】验证码 1234", "--exempt").exit_code == 0


@pytest.mark.usefixtures("loaded")
def test_replies_are_read() -> None:
    """Replies of a list are told with the word by which each refuses."""
    found = told("contact", "reply", "-", given="ＴＤ\nT恤\n别发了\n")
    assert [one["refusal"] for one in found] == ["td", None, "别发"]
    assert run("contact", "reply", "退 订").stdout == "refusal (退订): 退 订\n"


def test_configured_texts_are_checked(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`nudge check` refuses a text with an error, by file and tag, and warns of a hint."""
    own = replace(settings, config_dir=tmp_path / "config")
    shutil.copytree(settings.config_dir, own.config_dir)
    for name, value in own.to_environ().items():
        monkeypatch.setenv(name, value)
    file = own.config_dir / "contact.toml"
    before = file.read_text()
    texts = '\n[[texts]]\ncontent = "spring"\ntext = "{}"\n'
    file.write_text(before + texts.format("【移动】" + "字" * 70 + "，回T退订"))
    warned = run("check", "--language", "en")
    assert warned.exit_code == 0, warned.output
    assert "texts.spring: It is billed as 2 SMS" in warned.output
    file.write_text(before + texts.format("充值送流量"))
    refused = run("check")
    assert refused.exit_code == 1
    assert "contact.toml: texts.spring" in str(getattr(refused.exception, "problems", ""))


def test_replies_of_a_file_are_loaded(loaded: Settings, tmp_path: Path) -> None:
    """A file's refusals withdraw the consent of whom an id or a number names; a row counts once."""
    file = tmp_path / "replies.csv"
    file.write_text(
        "visitor_id,msisdn,text,at\n"
        ",138 1234 5678,退 訂,2026-03-05T10:00:00+08:00\n"
        "ben,,T恤,2026-03-05T10:00:00+08:00\n"
        ",13987654321,TD,\n"
        "ben,,,2026-03-05T10:00:00+08:00\n"
        ",,TD,\n",
        encoding="utf-8",
    )
    first = run("load", "replies", str(file), "--json")
    assert first.exit_code == 1
    assert {k: v for k, v in json.loads(first.stdout).items() if isinstance(v, int)} == {
        "rows": 5,
        "taken": 3,
        "refused": 2,
        "known": 0,
        "refusals": 2,
    }
    assert MINE not in first.output
    again = json.loads(run("load", "replies", str(file), "--json").stdout)
    assert (again["taken"], again["known"]) == (0, 3)
    fold(loaded)
    ada = told("consent", "export", "--visitor", "ada")["proofs"]
    assert [(one["channel"], one["given"]) for one in ada if one["channel"] == "sms"] == [
        ("sms", True),
        ("sms", False),
    ]
    assert [one["given"] for one in told("consent", "export", "--visitor", "ben")["proofs"]] == [
        True
    ]
    assert run("load", "visitors", str(_owner(tmp_path))).exit_code == 0
    fold(loaded)
    found = told("consent", "export", "--visitor", "eve")["proofs"]
    assert [(one["source"], one["word"]) for one in found] == [("reply", "td")]


def _owner(directory: Path) -> Path:
    """A file that tells whose the number is from which a reply came before."""
    file = directory / "owner.csv"
    file.write_text("visitor_id,msisdn\neve,13987654321\n", encoding="utf-8")
    return file


@pytest.mark.parametrize("header", ["text", "visitor_id", "visitor_id,text,tariff"])
@pytest.mark.usefixtures("loaded")
def test_a_file_of_replies_has_its_columns(tmp_path: Path, header: str) -> None:
    """A file without text, without anybody, or with a column more is refused before it is read."""
    file = tmp_path / "replies.csv"
    file.write_text(f"{header}\na,b,c\n".replace("a,b,c", ",".join("abc"[: header.count(",") + 1])))
    assert run("load", "replies", str(file)).exit_code == 1

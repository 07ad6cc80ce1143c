"""The command `nudge winback effect`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from click.testing import CliRunner, Result

from nudge.cli.care.winback import winback


def write_campaign(path: Path, people: int = 4_000) -> Path:
    """Write a campaign whose contact brings back those who failed to pay."""
    rng = np.random.default_rng(7)
    lines = ["sent,failed,days,back"]
    for _ in range(people):
        sent, failed, days = rng.random() < 0.7, rng.random() < 0.4, rng.integers(1, 60)
        back = rng.random() < 0.1 + 0.25 * (sent and failed)
        lines.append(f"{'sms' if sent else 'none'},{int(failed)},{days},{int(back)}")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(winback, ["effect", *arguments])


def test_a_campaign_is_told_in_words_and_as_json(tmp_path: Path) -> None:
    """The verdict, the increments and the counts of rows are told; JSON holds the same."""
    path = str(write_campaign(tmp_path / "campaign.csv"))
    roles = ["--contacted", "sent", "--back", "back", "--contact", "sms", "--holdout", "none"]
    told = run(path, *roles, "--lang", "zh")
    assert told.exit_code == 0
    assert "请从排名前 20% 的人开始联系" in told.stdout
    found = json.loads(run(path, *roles, "--json").stdout)
    assert found["verdict"] == "helps_some"
    assert found["top_fifth"]["increment"] > found["rest"]["increment"]
    assert found["file"]["taken"] == 4_000


def test_a_bad_row_is_told_with_its_line_and_the_rest_counts(tmp_path: Path) -> None:
    """A row that does not fit costs itself; the command ends with 1."""
    path = write_campaign(tmp_path / "campaign.csv")
    path.write_text(path.read_text() + "\nsms,1,3,perhaps\n", encoding="utf-8")
    roles = ["--contacted", "sent", "--back", "back", "--contact", "sms", "--holdout", "none"]
    told = run(str(path), *roles)
    assert told.exit_code == 1
    assert "line 4,002: column back" in told.stderr


def test_a_column_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    """A misspelt column ends the command before a row is read."""
    path = str(write_campaign(tmp_path / "campaign.csv", 10))
    found = run(path, "--contacted", "send", "--back", "back")
    assert "use one of sent, failed, days, back" in str(found.exception)

"""The command `nudge experience`: as text, as JSON and as a table, and what is refused."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result
from funnel_traffic import START, written

from nudge import cli as entry
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.journal.records import Event
from nudge.settings.settings import Settings


@pytest.fixture
def busy(settings: Settings) -> Settings:
    """Scores of sixty people in the lake of an installation."""
    events = (
        (
            START + i,
            Event(f"{i:032x}", f"e{i}", "feedback", "page", None, {"scene": "paid", "score": 8}),
        )
        for i in range(60)
    )
    written(settings.lake_dir, events)
    return settings


def run(settings: Settings, *words: str) -> Result:
    return CliRunner().invoke(entry.cli, ["experience", *words], env=settings.to_environ())


def test_the_report_in_three_forms(busy: Settings) -> None:
    """Scores are equal in the table for people, in JSON and in CSV."""
    label = OperatorCalendar().label
    period = ("--from", label(START - 60.0), "--to", label(START + 3600.0))
    found = json.loads(run(busy, *period, "--json").output)
    assert [(one["values"], one["scores"]) for one in found["cells"]] == [({"scene": "paid"}, 60)]
    assert "60 人共评分 60 次，平均 8.0 分" in run(busy, *period, "--lang", "zh").output
    assert "cell,paid,False,60,60,8.0" in run(busy, *period, "--csv").output


WRONG = {
    ("--by", "a b"): "is not a dimension",
    ("--compare", "revision"): "use before, week",
    ("--where", "channel:fax"): "use one of web, wap",
    ("--csv", "--json"): "not both",
}


@pytest.mark.parametrize(("words", "cure"), WRONG.items(), ids=[" ".join(words) for words in WRONG])
def test_what_makes_no_sense_is_refused(
    settings: Settings, words: tuple[str, ...], cure: str
) -> None:
    """Exit 2, and the cure."""
    done = run(settings, *words)
    assert done.exit_code == 2
    assert cure in " ".join(done.output.split())

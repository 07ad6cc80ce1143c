"""The command `nudge funnel`: filters, comparisons, and what is refused."""

from __future__ import annotations

import json
from itertools import chain

import pytest
from click.testing import CliRunner, Result
from funnel_traffic import DAY, START, traffic, written

from nudge import cli as entry
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.settings.settings import Settings


@pytest.fixture
def busy(settings: Settings) -> Settings:
    """Two weeks of visitors in the lake of an installation."""
    weeks = (traffic(150, START, 0), traffic(150, START + 7 * DAY, 1))
    written(settings.lake_dir, chain(*weeks))
    return settings


def run(settings: Settings, *words: str) -> Result:
    return CliRunner().invoke(entry.cli, ["funnel", *words], env=settings.to_environ())


def test_q4_the_command_has_the_filter_s_words(busy: Settings) -> None:
    """`--where` may be repeated, and a comparison is told in words."""
    label = OperatorCalendar().label
    period = ("--from", label(START + 7 * DAY), "--to", label(START + 14 * DAY), "--json")
    every = json.loads(run(busy, *period, "--by", "none").output)
    some = run(
        busy, *period, "--where", "channel:app,channel:WAP", "--where", "hour:0..23",
        "--compare", "week",
    )  # fmt: skip
    found = json.loads(some.output)
    assert found["where"] == {"channel": ["app", "wap"], "hour": {"from": "00", "to": "23"}}
    assert 0 < found["visits"] < every["visits"]
    assert {one["group"] for one in found["groups"]} == {"app", "wap"}
    assert "上一周" in found["compare"]["zh"]


WRONG = {
    ("--where", "hour:22..06"): "over midnight write hour:22..23,hour:00..06",
    ("--where", "context.amount:300..100"): "write context.amount:100..300",
    ("--where", "channel:fax"): "use one of web, wap",
    ("--compare", "revision"): "visits belong to none",
    ("--compare", "week", "--from", "2026-01-01", "--to", "2026-02-01"): "overlaps it",
    ("--by", "a b"): "is not a dimension",
}


@pytest.mark.parametrize(("words", "cure"), WRONG.items(), ids=[" ".join(words) for words in WRONG])
def test_q4_what_makes_no_sense_is_refused(
    settings: Settings, words: tuple[str, ...], cure: str
) -> None:
    """Exit 2, and the cure."""
    done = run(settings, *words)
    assert done.exit_code == 2
    assert cure in " ".join(done.output.split())

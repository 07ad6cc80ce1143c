"""worklist.toml: the shipped file is right, and each mistake is named with file, key and cure."""

from __future__ import annotations

import tomllib
from datetime import date

import pytest
from places import ROOT

from nudge.config.documents.worklist_file import (
    load_worklist,
    parse_worklist,
    worklist_warnings,
)
from nudge.domain.worklist.work_policy import Sharing, WorkPolicy
from nudge.errors import InvalidConfigError

RIGHT = """
[[teams]]
name = "care"
lead = "boss"
[[agents]]
name = "ann"
team = "care"
capacity = 10
kinds = ["warning"]
away = ["2026-12-24", "2026-10-01..2026-10-07"]
[[assignments]]
when = { kinds = ["winback"], stages = ["pay"], attributes = { attribute = "amount", above = 10 } }
to = "care"
by = "portfolio_first"
[[ageing]]
kind = "warning"
due = "4h"
escalate_after = "1d"
[costs]
hour = 40
contacts = { call = 0.2 }
"""


def parse(text: str) -> WorkPolicy:
    return parse_worklist(tomllib.loads(text), "worklist.toml", ("boss",))


def test_the_shipped_file_is_right() -> None:
    """The shipped file names what the contact policy has, and critical cases come first."""
    policy = load_worklist(ROOT / "config")
    assert worklist_warnings(ROOT / "config", policy) == []
    assert policy.ageing_of("warning", "critical").due < policy.ageing_of("warning", "info").due
    assert policy.names == ("agent1", "agent2", "care")


def test_a_file_is_read_as_it_is_meant() -> None:
    """Absences are days, times are seconds, and a rule has its words and its condition."""
    policy = parse(RIGHT)
    (ann,), (rule,) = policy.agents, policy.rules
    assert [ann.is_away(date(2026, *day)) for day in ((12, 24), (10, 7), (10, 8))] == [
        True,
        True,
        False,
    ]
    assert (rule.to, rule.sharing) == ("care", Sharing.PORTFOLIO_FIRST)
    assert rule.words == {"kind": frozenset({"winback"}), "stage": frozenset({"pay"})}
    assert policy.ageing_of("warning", "info").escalate == 86_400.0
    assert load_worklist(ROOT / "tests" / "config") == WorkPolicy()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('team = "care"', 'team = "caer"', "agents.ann.team: names 'caer', no team"),
        ('lead = "boss"', 'lead = "bos"', "teams.care.lead: names 'bos', who is not listed"),
        ('to = "care"', 'to = "dan"', "assignments[1].to: names 'dan', nobody"),
        ('name = "ann"', 'name = "care"', "is given twice"),
        ('team = "care"', "", "a team without agents"),
        ("capacity = 10", "capacity = 0", "capacity: is out of range"),
        ("capacity = 10", "capacityy = 10", "capacityy: is unknown"),
        ('"2026-12-24"', '"24.12."', "is not a span of days"),
        ("2026-10-01..2026-10-07", "2026-10-07..2026-10-01", "ends before it begins"),
        ('kinds = ["warning"]', 'kinds = ["warnings"]', "'warnings' is not allowed"),
        ('due = "4h"', 'due = "soon"', "due"),
        ('due = "4h"', "", "due: is missing"),
        ("above = 10", "above = 'x'", "attributes"),
        ("hour = 40", "hour = -1", "hour: is out of range"),
        ('by = "portfolio_first"', 'by = "luck"', "'luck' is not allowed"),
    ],
)
def test_a_mistake_is_named_with_its_key(old: str, new: str, told: str) -> None:
    """The message begins with the file, and says what is right."""
    assert old in RIGHT
    with pytest.raises(InvalidConfigError) as error:
        parse(RIGHT.replace(old, new, 1))
    assert str(error.value).startswith("worklist.toml: ")
    assert told in str(error.value)

"""The rules of warnings as a file: the shipped one is right, and each mistake is named."""

from __future__ import annotations

import tomllib

import pytest
from places import ROOT

from nudge.config.documents.warnings_file import load_warnings, parse_warnings
from nudge.errors import InvalidConfigError

RIGHT = """
[[rules]]
name = "low"
when = { event = "feedback", score_at_most = 5 }
"""


def problems(text: str) -> str:
    with pytest.raises(InvalidConfigError) as found:
        parse_warnings(tomllib.loads(text), "warnings.toml", ("ann",), ("speed",))
    return str(found.value)


def test_the_shipped_rules_are_right() -> None:
    """They ask for groups that the shipped lexicon has; every rule has both titles."""
    policy = load_warnings(ROOT / "config")
    assert len(policy.rules) >= 5
    assert all(rule.title.keys() == {"zh", "en"} for rule in policy.rules)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[[rules]]\nname = "a"\nwhen = { event = "feedbak" }', "rules.a.when.event"),
        ('[[rules]]\nname = "a"\nwhen = { event = "paid", words = ["x"] }', "rules.a.when.words"),
        (RIGHT + RIGHT, "rules.low.name: is given twice"),
        (RIGHT + 'unless = [{ event = "paid" }]', "rules.low.unless: has no delay"),
        (RIGHT + 'after = "200d"', "rules.low.after"),
        (RIGHT + 'tell = ["bob"]', "rules.low.tell: names 'bob'"),
        (RIGHT + 'thing = "city"', "rules.low.thing"),
        (RIGHT.replace("score_at_most = 5", 'words = ["spead"]'), "'spead', no group"),
        (RIGHT.replace("score_at_most = 5", "count = 3"), "rules.low.when.within: is missing"),
        ("[proposals]\nat_least = 3", "proposals.at_least"),
        ('colour = "red"', "colour"),
    ],
)
def test_a_mistake_is_named_with_its_key_and_cure(text: str, named: str) -> None:
    """The message begins with the file, and says what would be right."""
    told = problems(text)
    assert told.startswith("warnings.toml: ")
    assert named in told
    assert "; " in told

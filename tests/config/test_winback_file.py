"""The rules of win-back as a file: the shipped one is right, and each mistake is named."""

from __future__ import annotations

import tomllib

import pytest
from places import ROOT
from winback_site import FUNNEL

from nudge.config.documents.configuration import Configuration
from nudge.config.documents.document import ConfigDocument
from nudge.config.documents.winback_file import load_winback, offer_warnings, parse_winback
from nudge.errors import InvalidConfigError
from nudge.settings.settings import Settings

RIGHT = '[[rules]]\nname = "left"\nstages = ["method"]\n'
CONTACT = (("winback", "reminder"), ("call", "sms"))


def problems(text: str) -> str:
    with pytest.raises(InvalidConfigError) as found:
        parse_winback(tomllib.loads(text), "winback.toml", FUNNEL, CONTACT)
    return str(found.value)


def test_the_shipped_rules_are_right() -> None:
    """A tenth is held out, failed payments come first, every rule has both titles."""
    policy = load_winback(ROOT / "config")
    assert policy.rules[0].name == "payment_failed_left"
    assert {rule.held_share for rule in policy.rules} == {0.1}
    assert all(rule.title.keys() == {"zh", "en"} for rule in policy.rules)
    assert policy.trails is not None
    assert policy.trails.stage(policy.trails.first) == "amount_number"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (RIGHT.replace("method", "methd"), "rules.left.stages: names 'methd'"),
        (RIGHT.replace("method", "paid"), "rules.left.stages: names 'paid', no stage to leave"),
        (RIGHT + RIGHT, "rules.left.name: is given twice"),
        (RIGHT + 'after = "10m"', "rules.left.after: is shorter than a visit's pause"),
        (RIGHT + 'after = "99d"', "rules.left.after"),
        (RIGHT + "amount_at_least = -1", "rules.left.amount_at_least"),
        (RIGHT + 'failed = "yes"', "rules.left.failed"),
        (RIGHT + 'when = { attribute = "x", abov = 3 }', "rules.left.when"),
        (RIGHT + 'level = "proposal"', "rules.left.level"),
        ("held_share = 0.9\n", "held_share"),
        ('purpose = "winbak"\n', "purpose: 'winbak' is not listed in contact.toml"),
        ('channels = ["cal"]\n', "channels: 'cal' is not listed in contact.toml"),
        ('[[dates]]\nattribute = "x"\nwithin = "900d"', "within"),
        ("colour = 1", "colour"),
    ],
)
def test_a_mistake_is_named_with_its_key_and_cure(text: str, named: str) -> None:
    """The message begins with the file, and says what would be right."""
    told = problems(text)
    assert told.startswith("winback.toml: ")
    assert named in told
    assert "; " in told


def test_an_offer_of_no_slot_is_told() -> None:
    """A misspelt slot would never be seen, and costs nothing else."""
    policy = parse_winback({"offers": ["baner"]} | tomllib.loads(RIGHT), "winback.toml", FUNNEL)
    (told,) = offer_warnings(policy, ["banner"])
    assert "did you mean" in told
    assert offer_warnings(policy, ["baner"]) == []


def test_without_rules_no_trail_is_kept() -> None:
    """A file without rules costs the fold nothing."""
    assert parse_winback({}, "winback.toml", FUNNEL).trails is None


def test_two_files_cannot_name_one_rule(settings: Settings) -> None:
    """A case tells its rule by the name alone."""
    low = '[[rules]]\nname = "left"\nwhen = { event = "feedback", score_at_most = 5 }'
    texts = {"warnings.toml": low, "winback.toml": RIGHT}
    documents = {name: ConfigDocument(name, 1, text) for name, text in texts.items()}
    with pytest.raises(
        InvalidConfigError, match=r"warnings.toml and winback.toml: rule 'left' is given in both"
    ):
        _ = Configuration(settings, documents).rule_book

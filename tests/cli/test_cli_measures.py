"""The commands `nudge measures list | show | grant`, on a real store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result
from places import shipped_slots

from nudge import cli as entry
from nudge import clock
from nudge.config.documents.document import ConfigDocument
from nudge.domain.care.case import case_of, opening_record
from nudge.domain.care.signal import Signal
from nudge.domain.measures.measure import Measure, measure_rules
from nudge.domain.slots.rule import read_rule
from nudge.errors import MeasureRefusedError, NotFoundError
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.wiring.stores import patient_store

NAME = "0-" + "b" * 18
SUBJECT = "5" * 32
PAYS = Measure("reward", read_rule({"attribute": "payments", "known": False}), held_share=0.0)
FILE = """
[[measures]]
name = "reward"
title = { zh = "唤醒奖励", en = "Reward" }
when = { attribute = "payments", known = false }
group = "retention"
held_share = 0
"""
OTHERS = {
    "lexicon.toml": "",
    "warnings.toml": "",
    "winback.toml": "",
    "worklist.toml": "",
    "contact.toml": """
spacing = "24h"
complaint_pause = "never"
[[channels]]
name = "call"
consent = "unless_refused"
[[purposes]]
name = "winback"
""",
}


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """A store with the shipped slots, and one open case of a measure."""
    store, at = patient_store(settings), clock.now() - 60
    for name, text in {**OTHERS, "measures.toml": FILE}.items():
        assert store.documents.put(ConfigDocument(name, 1, text), 0, {})
    assert store.slots.put(shipped_slots()["retention_offer"], None)
    (rule,) = measure_rules([PAYS])
    record = opening_record(NAME, SUBJECT, rule, "", at, Signal(at, "", ""))
    for write in store.cases.put(0, None, case_of(0, record, at)):
        store.client.call(write.command, write.key, *write.args)
    yield store
    store.close()


def run(settings: Settings, *words: str) -> Result:
    return CliRunner().invoke(entry.cli, ("measures", *words), env=settings.to_environ())


def told(settings: Settings, *words: str) -> Any:
    found = run(settings, *words, "--json")
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)


def test_a_measure_is_listed_shown_and_granted(settings: Settings, store: Store) -> None:
    """The options are told before; the grant tells which variant the slot decided on."""
    assert [one["measure"] for one in told(settings, "list")["measures"]] == ["reward"]
    shown = told(settings, "show", NAME)
    assert (shown["may"], shown["granted"], len(shown["variants"])) == (True, None, 4)
    assert "may be granted now" in run(settings, "show", NAME).stdout
    granted = told(settings, "grant", NAME, "--by", "ann", "--id", "g1")["granted"]
    assert granted["variant"] in store.slots.current()["retention_offer"].names
    assert granted["who"] == "ann"
    assert "granted" in run(settings, "grant", NAME, "--id", "g1").stdout


def test_what_may_not_be_granted_says_why(settings: Settings, store: Store) -> None:
    """A case that is not there, and one for which nothing is due, are told so."""
    assert isinstance(run(settings, "show", "0-b").exception, NotFoundError)
    other = ConfigDocument("measures.toml", 2, FILE.replace("false", "true"))
    assert store.documents.put(other, 1, {})
    refused = run(settings, "grant", NAME).exception
    assert isinstance(refused, MeasureRefusedError)
    assert "No measure is due" in str(refused)
    assert "No measure is due" in run(settings, "show", NAME).stdout

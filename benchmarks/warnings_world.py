"""A world of feedback: 200 rules of all kinds, 2,000 phrases, and texts of which some hold one.

A tenth of the texts are complaints to the shipped model, which it proposes with their words.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Final

from bandits.units import DAY, HOUR
from nudge.domain.care.text_reading import TextFinder
from nudge.domain.care.warning_rule import (
    CaseLevel,
    Combination,
    EventTest,
    WarningPolicy,
    WarningRule,
)
from nudge.domain.care.words.finder import WordFinder
from nudge.domain.care.words.lexicon import Lexicon, WordGroup
from nudge.domain.identity.vault_seal import VaultSeal
from nudge.domain.journal.event import text_name
from nudge.domain.journal.records import Event
from nudge.domain.slots.rule import Test
from nudge.store.journal.appends import VaultEntry

SCENES: Final = tuple(f"scene_{number}" for number in range(30))
GROUPS: Final = tuple(f"group_{number}" for number in range(40))
_LETTERS: Final = "".join(chr(code) for code in range(0x4E00, 0x4E00 + 1500))
SAYING: Final = 0.25
"""Share of texts that hold a phrase."""
COMPLAINING: Final = 0.1
"""Share of texts that the shipped model takes for complaints, whose words it has to tell."""
COMPLAINTS: Final = (
    *("钱白花了，以后打死也不来了", "没有人理我，打了三次都说让我等"),
    *("充了话费半个月还没见到，没人管我", "服务员爱理不理，再也不会来第二次"),
)
LEAST: Final = 8
"""Letters of any text."""
PROPOSES: Final = 0.9
LOW: Final = 0.15
"""Share of scores of 5 and below."""


def _phrases(count: int) -> tuple[str, ...]:
    random, found = Random(2), dict[str, None]()  # noqa: S311 - the same words every time
    while len(found) < count:
        found["".join(random.choices(_LETTERS, k=random.randint(2, 5)))] = None
    return tuple(found)


PHRASES: Final = _phrases(2_000)


def finder_of() -> TextFinder:
    """Return the service's own finder on the world's phrases."""
    groups = (
        WordGroup(name, complaints=PHRASES[i :: len(GROUPS)]) for i, name in enumerate(GROUPS)
    )
    return WordFinder(Lexicon(tuple(groups)))


def policy_of(*, apart: bool = False) -> WarningPolicy:
    """Return 200 rules: by words, scores and scenes, delayed, counted, and by attributes.

    Args:
        apart: no rules share a topic, so that each opens cases of its own.
    """
    rules = tuple(_rule(number) for number in range(200))
    if apart:
        rules = tuple(replace(rule, topic="") for rule in rules)
    return WarningPolicy(rules, proposes_at=PROPOSES)


def _rule(number: int) -> WarningRule:
    scene, group = SCENES[number % len(SCENES)], GROUPS[number % len(GROUPS)]
    low = EventTest("feedback", frozenset({scene}), score_at_most=number % 5 + 1)
    words = EventTest("feedback", words=frozenset({group, GROUPS[(number * 7) % len(GROUPS)]}))
    better = EventTest("feedback", same_scene=True, score_at_least=8)
    name, level = f"rule_{number}", list(CaseLevel)[1 + number % 3]
    kind = number % 5
    if kind == 0:
        return WarningRule(name, words, level, topic=group)
    if kind == 1:
        return WarningRule(name, low, level)
    if kind == 2:  # noqa: PLR2004 - one of the five kinds
        return WarningRule(name, low, level, after=24.0 * HOUR, unless=(EventTest("paid"), better))
    if kind == 3:  # noqa: PLR2004 - the same
        often = EventTest(
            "feedback", frozenset({scene}), score_at_most=6, count=3, within=7.0 * DAY
        )
        return WarningRule(name, often, level)
    overdue = Test("overdue_days", "above", number)
    return WarningRule(name, Combination("all", (words, overdue)), level)


def said(subject: str, number: int, random: Random) -> tuple[Event, str]:
    """Return an event of feedback, and what was written."""
    text = "".join(random.choices(_LETTERS, k=random.randint(10, 40)))
    if random.random() < SAYING:
        text += random.choice(PHRASES)
    if random.random() < COMPLAINING:
        text = f"{random.choice(COMPLAINTS)}{text[:LEAST]}"
    fields = {
        "scene": random.choice(SCENES),
        "score": random.randint(0, 5) if random.random() < LOW else random.randint(6, 10),
        "has_text": True,
    }
    return Event(subject, f"f{number}", "feedback", "page", fields=fields), text


def sealed(seal: VaultSeal, event: Event, text: str) -> tuple[VaultEntry, ...]:
    """Return the note of a text for the vault."""
    name = text_name(event.source, event.type, event.event_id)
    return (VaultEntry("texts", name, seal.seal(text, name)),)

"""The cost of reading feedback in function calls: a count that a busy machine cannot blur."""

from __future__ import annotations

import cProfile
import pstats
from collections.abc import Iterator
from random import Random

import pytest

from benchmarks.folds import folded
from benchmarks.warnings import fill
from benchmarks.warnings_world import finder_of, policy_of
from nudge.domain.care.rule_book import RuleBook
from nudge.domain.care.text_reading import TextReader
from nudge.domain.identity.vault_seal import VaultSeal
from nudge.flows.folds.care import CareFold, TextDesk
from nudge.models.complaints.file import load_complaint_model
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.keys import Keys

MOST = 450
"""Calls of Python and of C that one event of feedback may take, with lexicon, model and store."""
EVENTS = 2_000


@pytest.fixture
def store(store_url: str, settings: Settings) -> Iterator[Store]:
    store = Store(clients.patient(store_url), Keys(settings.namespace, 1))
    yield store
    store.close()


def test_feedback_takes_few_calls(store: Store) -> None:
    """An event through 200 rules, 2,000 phrases and the model takes at most 450 function calls.

    One event of two opens or joins a case here; the model reads many texts at once.
    """
    seal, policy = VaultSeal({1: b"k" * 32}), policy_of(apart=True)
    fill(store, seal, Random(1), EVENTS)  # noqa: S311 - the same journal every time
    book = RuleBook(policy)
    reader = TextReader(finder_of(), load_complaint_model(), policy.proposes_at)
    fold = CareFold(store, lambda: book, TextDesk(seal, lambda: reader))
    profile = cProfile.Profile()
    profile.enable()
    folded(store, fold)
    profile.disable()
    calls = pstats.Stats(profile).total_calls / EVENTS  # type: ignore[attr-defined]
    assert calls <= MOST, f"{calls:.0f} calls"

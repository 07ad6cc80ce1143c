"""A stranger's id: an answer costs as much as that of an id which nobody has used."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType

import builders
import pytest

from nudge.domain.choosing.choice import PUBLIC
from nudge.domain.identity.sealing import Device, Home, new_label, new_subject
from nudge.domain.journal.records import Event
from nudge.store.journal.appends import Append, NamedId, VaultEntry
from nudge.store.store import Store
from nudge.store.vault.visitors import VisitorQuery, VisitorView

HOME = 2


def make_known(store: Store, name: str) -> str:
    """A visitor with a state, a book of numbers, and some decisions that stick."""
    subject = store.visitors.open_visitor(
        VisitorQuery(HOME, name, new_subject(), claim=False)
    ).subject
    sticking = [builders.decision(subject, unit=f"slot-{n}", period=1) for n in range(20)]
    store.journal.append_decisions(HOME, sticking, 60)
    store.client.call("SET", store.keys.visitor(HOME, subject), b"state" * 1000)
    book = [VaultEntry("numbers", f"own:{n:x}", b"sealed") for n in range(9)]
    store.journal.note(HOME, subject, book)
    return subject


def merge(store: Store, name: str) -> None:
    """A number's owner in another partition, into whom the visitor goes."""
    named = NamedId(f"number of {name}", 5, new_label())
    said = Append(name, Event(new_subject(), name, "identified", "server"), named=named)
    assert store.people.append_people({HOME: [said]}, closes=True) == 1


def spent_on(ask: Callable[[], VisitorView]) -> Counter[str]:
    """How often each function of this service runs in a call."""
    calls: Counter[str] = Counter()

    def count(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and "/nudge/" in frame.f_code.co_filename:
            calls[frame.f_code.co_qualname] += 1

    sys.setprofile(count)
    try:
        ask()
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("merged", [False, True], ids=["alone", "merged"])
@pytest.mark.parametrize("knows", [None, False, True], ids=["no token", "empty token", "token"])
def test_a_strangers_id_costs_what_an_unused_one_does(
    store: Store, *, merged: bool, knows: bool | None
) -> None:
    """Known and unknown ids run the same functions as often, and are answered as much."""
    make_known(store, "stranger")
    if merged:
        merge(store, "stranger")
    homes = (Home(make_known(store, "own"), HOME),) if knows else ()
    device = None if knows is None else Device("d" * 16, homes, frozenset(h.subject for h in homes))

    def ask(name: str) -> VisitorView:
        query = VisitorQuery(HOME, name, new_subject(), device, numbers=True, stock=True)
        return store.visitors.open_visitor(query)

    ask("warm")
    assert spent_on(lambda: ask("stranger")) == spent_on(lambda: ask("unused"))
    found = ask("stranger")
    assert not found.owned
    assert (found.state, found.assigned, found.numbers) == (None, {}, {})


def test_a_stranger_sees_what_anybody_with_the_id_may_see(store: Store) -> None:
    """A decision for callers without a token sticks for them, beside what is the person's."""
    subject = make_known(store, "visitor")
    shown = builders.decision(subject, unit=f"banner{PUBLIC}", period=1)
    store.journal.append_decisions(HOME, [shown], 60)
    found = store.visitors.open_visitor(VisitorQuery(HOME, "visitor", new_subject()))
    assert list(found.assigned) == [f"banner{PUBLIC}"]


def test_a_stranger_gets_the_numbers_that_were_typed_on_the_device(store: Store) -> None:
    """Of the visitor's book a device reads what was typed on it: neither `own` nor another's."""
    subject = make_known(store, "visitor")
    typed = [VaultEntry("numbers", f"{device}:1", b"sealed") for device in ("a1", "a12")]
    last = [VaultEntry("numbers", f"t:{device}", b"1 1000") for device in ("a1", "a12")]
    store.journal.note(HOME, subject, [*typed, *last])
    query = VisitorQuery(HOME, "visitor", new_subject(), Device("a1"), numbers=True)
    assert {"a1:1", "t:a1"} <= set(store.visitors.open_visitor(query).numbers)
    assert not {"a12:1", "own:1"} & set(store.visitors.open_visitor(query).numbers)

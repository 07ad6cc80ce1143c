"""The journal, the vault and the scripts, on a real server and on a real cluster."""

from __future__ import annotations

from dataclasses import replace

import builders
import pytest
from block_samples import append_block, planned

from nudge.domain.identity.sealing import Device, Home, new_label, new_subject
from nudge.domain.journal.records import Decision, Event, Mark, Ref, is_dense
from nudge.errors import StoreAwayError, StoreError
from nudge.store.journal.appends import Append, DecisionBatch, LoggedDecision, NamedId, Redirect
from nudge.store.store import Store
from nudge.store.vault.visitors import VisitorQuery
from nudge.store.wire import client as clients
from nudge.store.wire.client import PIPE


def decision(subject: str, **changes: object) -> Decision:
    own = {"u": 7, "policy": "uniform", "policy_version": 0, "period": 10}
    return builders.decision(subject, **{**own, **changes})


def event(event_id: str, subject: str = "") -> Event:
    return Event(subject or new_subject(), event_id, "step", "page", fields={"step": "home"})


def test_positions_are_dense_and_entries_come_back_in_order(store: Store) -> None:
    """Every kind of append takes the next position; reading gives them all, in order."""
    subject = new_subject()
    store.journal.append_mark(3, Mark("slot_applied"))
    store.journal.append_decisions(3, [decision(subject)], 60)
    store.journal.append_once(3, [Append("h", event("e1"))], closes=False)
    entries = store.journal.read(3, 0, 10)
    assert [e.position for e in entries] == [1, 2, 3]
    assert [e.record.kind for e in entries] == ["mark", "decision", "event"]
    assert store.journal.last_position(3) == 3
    assert store.journal.read(3, 2, 10) == entries[2:]
    assert store.journal.read_one(Ref(3, 2)) == entries[1]
    assert store.journal.read_one(Ref(3, 9)) is None
    assert store.journal.read_one(Ref(99, 1)) is None


def test_a_block_is_read_whole(store: Store) -> None:
    """Each of its decisions is an entry; who wants fewer is given all of them, and none twice."""
    made = [planned(f"{i:032x}") for i in range(9)]
    store.journal.append_mark(3, Mark("before"))
    assert append_block(store, 3, made) == 2
    store.journal.append_mark(3, Mark("behind"))
    entries = store.journal.read(3, 0, 100)
    assert [e.position for e in entries] == [1, *[2] * 9, 3]
    assert [e.record for e in entries[1:10]] == made
    assert is_dense(entries, 0)
    assert not is_dense(entries, 1)
    assert not is_dense(entries[:4] + entries[5:], 0)
    assert store.journal.read(3, 0, 2) == entries[:10]
    assert store.journal.read(3, 2, 2) == entries[10:]
    assert [store.journal.read_one(e.ref) for e in entries] == entries
    assert store.journal.read_one(Ref(3, 2, 9)) is None
    assert [store.journal.reach(3, 0, most) for most in (1, 2, 10, 11, 50)] == [1, 2, 2, 3, 3]
    assert store.journal.reach(3, 3, 5) == 3


def test_a_decision_that_sticks_stands_against_a_later_one(store: Store) -> None:
    """Two calls of one period get the decision of the first, and the journal has one."""
    subject = new_subject()
    first = store.journal.append_decisions(0, [decision(subject)], 60)[0]
    second = store.journal.append_decisions(0, [decision(subject, variant="b")], 60)[0]
    assert first.fresh
    assert not second.fresh
    assert second.decision == first.decision
    assert second.ref == first.ref
    assert store.journal.last_position(0) == 1


def test_a_new_period_or_a_superseded_decision_makes_a_new_one(store: Store) -> None:
    """The next period decides anew; so does a call that supersedes the decision it saw, once."""
    subject = new_subject()
    first = store.journal.append_decisions(0, [decision(subject)], 60)[0]
    after = decision(subject, variant="b", supersedes=first.ref)
    second = store.journal.append_decisions(0, [after], 60)[0]
    raced = store.journal.append_decisions(0, [replace(after, variant="a")], 60)[0]
    third = store.journal.append_decisions(0, [decision(subject, period=11)], 60)[0]
    assert (second.fresh, raced.fresh, third.fresh) == (True, False, True)
    assert raced.decision.variant == "b"


def test_what_is_not_remembered_is_appended_each_time(store: Store) -> None:
    """Forced and fallback decisions leave no assignment."""
    subject = new_subject()
    for _ in range(2):
        assert store.journal.append_decisions(0, [decision(subject, unit="")], 60)[0].fresh
    opened = store.visitors.open_visitor(VisitorQuery(0, "h", subject, claim=False))
    assert opened.assigned == {}


def test_an_event_is_taken_once(store: Store) -> None:
    """The same id of the same visitor is a duplicate; another visitor may use it too."""
    arrivals = [Append("h1", event("e")), Append("h1", event("e")), Append("h2", event("e"))]
    assert store.journal.append_once(1, arrivals, closes=False) == [1, 0, 2]
    assert store.journal.append_once(1, arrivals, closes=False) == [0, 0, 0]
    assert store.journal.last_position(1) == 2


def test_events_and_decisions_share_one_subject(store: Store) -> None:
    """The vault gives a visitor one subject, whoever comes first."""
    store.journal.append_once(1, [Append("h", event("e"))], closes=False)
    opened = store.visitors.open_visitor(VisitorQuery(1, "h", new_subject()))
    assert store.journal.read(1, 0, 10)[0].record.subject == opened.subject


def test_only_the_first_device_claims_a_visitor(store: Store) -> None:
    """A visitor is claimed once; what a server spoke of first cannot be claimed by a page."""

    def owned(name: str, device: Device | None = None) -> bool:
        return store.visitors.open_visitor(VisitorQuery(2, name, new_subject(), device)).owned

    assert (owned("h"), owned("h")) == (True, False)
    store.journal.append_once(2, [Append("known", event("e"))], closes=True)
    assert not owned("known")
    subject = store.visitors.open_visitor(VisitorQuery(2, "h", "", claim=False)).subject
    assert owned("h", Device("d", (Home(subject, 2),)))
    assert not owned("h", Device("d", (Home(new_subject(), 2),)))


def test_who_turned_out_to_be_another_one_is_followed(store: Store) -> None:
    """A subject may go into another, in another partition: reads follow, events are sent on."""
    label = store.people.label_of(NamedId("number", 5, new_label()))
    kept = store.journal.append_decisions(5, [decision(label)], 60)[0]
    named = NamedId("number", 5, new_label())
    said = Append("alias", Event(new_subject(), "i", "identified", "server"), named=named)
    assert store.people.append_people({2: [said]}, closes=True) == 1
    opened = store.visitors.open_visitor(VisitorQuery(2, "alias", new_subject(), claim=False))
    assert (opened.subject, opened.partition) == (label, 5)
    assert opened.assigned["banner"].ref == kept.ref
    arrivals = [Append("alias", event("e"))]
    assert store.journal.append_once(2, arrivals, closes=False) == [Redirect(5, label)]


def test_an_event_belongs_to_whom_its_decision_was_made_for(store: Store) -> None:
    """Whatever id a page goes by: the decision that it names tells the subject."""
    subject = new_subject()
    kept = store.journal.append_decisions(3, [decision(subject)], 60)[0]
    arrivals = [
        Append("else", event("e"), of=str(kept.ref.position)),
        Append("else", event("f"), of="99"),
    ]
    store.journal.append_once(3, arrivals, closes=False)
    found = [entry.record.subject for entry in store.journal.read(3, 1, 10)]
    assert found[0] == subject
    assert found[1] != subject


def test_a_server_that_lost_its_scripts_is_given_them_again(store: Store) -> None:
    """After a restart the next call works: the text is sent where the digest is not known."""
    store.journal.append_mark(0, Mark("a"))
    if "redis" in type(store.client._connection).__module__:
        store.client.call("SCRIPT", "FLUSH")
    assert store.journal.append_mark(0, Mark("b")) == 2


def test_errors_of_the_library_do_not_pass_the_boundary(store: Store) -> None:
    """A refused command is a StoreError, a dead server a StoreAwayError."""
    with pytest.raises(StoreError, match="refused"):
        store.client.call("HSET", store.keys.journal(0))
    dead = clients.hot("redis://127.0.0.1:1", 0.05)
    with pytest.raises(StoreAwayError):
        dead.call("PING")


def test_many_subjects_are_opened_and_written_together(store: Store) -> None:
    """The same as one by one, in order, over all partitions and more than fit one round trip."""
    count = 2 * PIPE + 3
    homes = [Home(f"{n:032x}", n % store.keys.partitions) for n in range(count)]
    opened = [one for _, one in sorted(store.visitors.open_each(homes, besides=True))]
    assert [one.partition for one in opened] == [home.partition for home in homes]
    singly = [
        VisitorQuery(home.partition, home.subject, new_subject(), claim=False) for home in homes
    ]
    assert opened == [store.visitors.open_visitor(one) for one in singly]
    batches = [
        DecisionBatch(one.partition, [LoggedDecision(decision(one.subject))], 60) for one in opened
    ]
    first, again = (store.journal.append_each(batches) for _ in range(2))
    kept = [one[0] for one in first]
    assert [one.decision.subject for one in kept if one] == [one.subject for one in opened]
    assert [one and one.fresh for one in kept] == [True] * count
    assert [one[0] and (one[0].ref, one[0].fresh) for one in again] == [
        one and (one.ref, False) for one in kept
    ]
    assert store.journal.append_each([]) == []

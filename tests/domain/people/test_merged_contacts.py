"""Contacts and receipts of two ids that turn out to be one visitor: a recount, and a replay."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from merging_world import AT, World, lived

from nudge.domain.credit.attribution_replay import (
    AttributionAccount,
    AttributionReplay,
    fold,
    is_attributed,
)
from nudge.domain.journal.records import Event, Ref
from nudge.domain.people.visitor import VisitorState, without_sources
from nudge.domain.people.visitor_codec import encode_state

forms = pytest.mark.parametrize(
    "examples", [100, pytest.param(10_000, marks=pytest.mark.soak)], ids=["short", "soak"]
)
PLANS = (Ref(0, 5), Ref(1, 7))
KINDS = ("sms_sent", "sms_sent", "contacted", "sms_failed", "sms_delivered")
TOLD = {"sms_failed": 1, "sms_delivered": 2}


class Told(NamedTuple):
    """A word on a message, told under one of two ids."""

    kind: str
    minute: int
    message: str
    plan: int | None
    under: int

    def event(self, name: str, subject: str) -> Event:
        """The event that tells it."""
        fields = {"message_id": self.message} if self.message else {}
        if self.kind == "contacted":
            fields |= {"channel": "call", "purpose": "promotion"}
        plan = None if self.plan is None else PLANS[self.plan]
        at = AT + 60 * self.minute
        return Event(subject, name, self.kind, "server", plan, fields, at)


def told(chance: Random) -> Told:
    """Any word on one of few messages, at one of few moments."""
    message, plan = chance.choice([("", None), ("a", None), ("b", 0), ("", 0), ("", 1)])
    return Told(chance.choice(KINDS), chance.randint(0, 2), message, plan, chance.randint(0, 1))


def recount(words: list[Told]) -> tuple[list[object], list[object]]:
    """The contacts, each with what was told of its message; and the receipts of no contact."""
    sums: dict[tuple[str, int | None], int] = {}
    for one in words:
        if one.kind in TOLD and (one.message or one.plan is not None):
            name = (one.message, None if one.message else one.plan)
            sums[name] = sums.get(name, 0) | TOLD[one.kind]
    contacts: set[object] = set()
    names = set()
    for one in words:
        if one.kind not in TOLD:
            name = (one.message, None if one.message else one.plan)
            names.add(name)
            channel = "call" if one.kind == "contacted" else "sms"
            contacts.add((one.minute, channel, *name, sums.get(name, 0)))
    waiting = [(*name, total) for name, total in sums.items() if name not in names]
    return sorted(contacts, key=repr), sorted(waiting, key=repr)


def found_in(state: VisitorState) -> tuple[list[object], list[object]]:
    """The contacts and receipts of a state in the form of the recount."""

    def name(message: str) -> tuple[str, int | None]:
        if not message.startswith("p:"):
            return message.removeprefix("m:"), None
        return "", [f"p:{ref.partition}.{ref.position}.{ref.index}" for ref in PLANS].index(message)

    contacts = [(int(x.at - AT) // 60, x.channel, *name(x.message), x.told) for x in state.contacts]
    waiting = [(*name(x.message), x.told) for x in state.deliveries]
    return sorted(contacts, key=repr), sorted(waiting, key=repr)


@forms
def test_contacts_of_two_ids_equal_a_recount(examples: int) -> None:
    """In any order of words and merging, repeated, late to the old id: state, recount and replay.

    The replay is that of `nudge verify`, in batches of any size; a fold from nothing over the
    journal, as a rebuild runs it, gives the same bytes.
    """

    @settings(max_examples=examples, deadline=None)
    @given(st.randoms(use_true_random=True))
    def law(chance: Random) -> None:
        world, ids = lived([[], []])
        words = [told(chance) for _ in range(chance.randint(1, 10))]
        acts: list[Told | None] = [*words, *chance.choices(words, k=2), None]
        chance.shuffle(acts)
        for number, act in enumerate(acts):
            if act is None:
                world.link(*ids)
            else:
                subject, partition = ids[act.under]
                said = act.event(f"e{number}", subject)
                # What was under way when the two became one still comes to the old id.
                late = subject in world.into and chance.random() < 0.3
                if late:
                    world.append_here(partition, said)
                else:
                    world.append(partition, said)
            if chance.random() < 0.5:
                world.run()
        world.run()
        root, partition = world.root(ids[0])
        state = world.visitors[partition].get(root, VisitorState())
        assert found_in(state) == recount(words)
        check_replay(world, chance)

    law()


def check_replay(world: World, chance: Random) -> None:
    """Compare each state with a replay of its partition, and with a fold from nothing."""
    for p, journal in world.journals.items():
        replay, account, start = AttributionReplay(), AttributionAccount(), 0
        while start < len(journal):
            batch = journal[start : start + chance.randint(1, 5)]
            mine = [entry for entry in batch if is_attributed(entry)]
            replay.take(batch, mine)
            start += len(batch)
        none = {entry.record.subject: VisitorState() for entry in journal if is_attributed(entry)}
        rebuilt, made = fold(none, 0.0, journal)
        account.owe(made)
        account.find(journal)
        assert account.close() == []
        for subject, found in world.visitors[p].items():
            assert encode_state(rebuilt[subject]) == encode_state(found)
            expected = replace(replay.visitors[subject], watermark=found.watermark)
            assert without_sources(expected, found) == found
            assert encode_state(expected) == encode_state(found)

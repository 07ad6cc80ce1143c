"""Rules over several contacts hold over all ids of one visitor, with receipts in any order."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

import pytest
from contact_strategies import DAY, HOUR, by_hand
from hypothesis import given, settings
from hypothesis import strategies as st
from merging_world import World, lived
from test_contact_pressure import CASES, EXEMPT, KINDS, LENGTHS, NOON, everything, policy

from nudge.domain.contact.contact import Consent, Contact, ContactFacts
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.contact.contact_rules import forbidden, next_allowed_time
from nudge.domain.contact.pressure_rules import ContentLimit, RollingLimit, SequenceRule
from nudge.domain.journal.records import Event, Ref
from nudge.domain.people.visitor import VisitorState

forms = pytest.mark.parametrize(
    "examples", [100, pytest.param(10_000, marks=pytest.mark.soak)], ids=["short", "soak"]
)
PLANS = (None, Ref(0, 5), Ref(1, 7))
AGREED = (Consent("sms", 0.0, given=True),)
PURPOSES = ("failed", "reminder", "offer", "code", "survey")


class Message(NamedTuple):
    """A message that went out under one of two ids, and the words of the gateway on it.

    Attributes:
        one: the contact, without a name.
        own: the gateway's id; empty for none.
        plan: number of its plan; 0 for none.
        words: types of the receipts that come of it.
        under: number of the id under which it went out.
    """

    one: Contact
    own: str
    plan: int
    words: tuple[str, ...]
    under: int

    @property
    def name(self) -> object:
        """The name that its receipts have, too; None where it has none."""
        return self.own or self.plan or None

    def events(self, number: int) -> list[tuple[int, str, str, float, dict[str, str]]]:
        """The contact and its receipts: under which id, name, type, time and fields."""
        told = {"message_id": self.own} if self.own else {}
        said = {"channel": self.one.channel, "purpose": self.one.purpose, **told}
        said |= {"content": self.one.content} if self.one.content else {}
        kind = "sms_sent" if self.one.channel == "sms" else "contacted"
        first = (self.under, f"m{number}", kind, self.one.at, said)
        words = self.words if self.name else ()
        return [
            first,
            *((self.under, f"r{number}{w}", w, self.one.at + 5.0, dict(told)) for w in words),
        ]


def messages(chance: Random) -> list[Message]:
    """Up to six messages near each other, some with a name of their own and some with a plan's."""
    return [
        Message(
            Contact(
                NOON + chance.choice((-1, 0, 1)) * chance.choice(LENGTHS) + chance.randint(-9, 9),
                chance.choice(("sms", "sms", "push")),
                chance.choice(PURPOSES),
                chance.choice(("", "draw", "gift", "banner:draw")),
            ),
            chance.choice(("", f"gateway-{number}")),
            chance.randint(0, 2),
            tuple(chance.sample(("sms_failed", "sms_delivered"), chance.randint(0, 2))),
            chance.randint(0, 1),
        )
        for number in range(chance.randint(1, 6))
    ]


def merged(sent: list[Message], chance: Random) -> VisitorState:
    """The state of the one visitor, however words and merging came, some twice, some late."""
    world, ids = lived([[], []])
    world.now = NOON + 20 * DAY  # no message comes from the future
    told = [(PLANS[m.plan], event) for n, m in enumerate(sent) for event in m.events(n)]
    acts = [*told, *chance.choices(told, k=2), None]
    chance.shuffle(acts)
    for number, act in enumerate(acts):
        if act is None:
            world.link(*ids)
        else:
            plan, (under, name, kind, at, fields) = act
            said = Event(ids[under][0], f"{name}-{number}", kind, "server", plan, fields, at)
            world.append(ids[under][1], said)
        if chance.random() < 0.5:
            world.run()
    world.run()
    return state_in(world, ids)


def state_in(world: World, ids: list[tuple[str, int]]) -> VisitorState:
    root, partition = world.root(ids[0])
    return world.visitors[partition].get(root, VisitorState())


def arrived(sent: list[Message]) -> tuple[Contact, ...]:
    """The messages that were contacts, by the rule in words."""
    stays: dict[tuple[Contact, object], Contact] = {}
    for one in sent:
        same = [x for x in sent if x.name == one.name]
        words = {word for x in same for word in x.words} if one.name else set()
        unclear = not one.own and len({x.one for x in same}) > 1
        if words != {"sms_failed"} or unclear:
            # Of two that nothing tells apart nobody knows that they are two.
            stays[one.one, one.name] = one.one
    return tuple(stays.values())


@forms
def test_rules_hold_over_both_ids_of_a_visitor(examples: int) -> None:
    """The merged visitor's contacts forbid exactly what a recount of all messages forbids.

    A message that failed for good frees its place, whatever came first: it, its receipt, or the
    word that the two ids are one visitor.
    """

    @settings(max_examples=examples, deadline=None)
    @given(st.randoms(use_true_random=True))
    def law(chance: Random) -> None:
        rules = policy(**chance.choice((*CASES.values(), everything))(chance))
        sent = messages(chance)
        known = facts(rules, merged(sent, chance))
        plain = ContactFacts(contacts=arrived(sent), consents=AGREED)
        for _ in range(6):
            purpose, channel, tag = chance.choice([*KINDS, *EXEMPT])
            at = chance.choice(sent).one.at + chance.choice((-1, 0, 1)) * chance.choice(LENGTHS)
            wrong = by_hand(rules, plain, purpose, channel, at, tag)
            assert forbidden(rules, known, purpose, channel, at, tag) == wrong

    law()


def facts(rules: ContactPolicy, state: VisitorState) -> ContactFacts:
    """The facts that the policy asks for."""
    return rules.in_own_words(ContactFacts(contacts=state.contacts, consents=AGREED))


def both(*sent: tuple[int, Contact]) -> VisitorState:
    """The state of two ids after their merging: contacts under the one and the other."""
    made = [Message(one, f"g{n}", 0, (), under) for n, (under, one) in enumerate(sent)]
    return merged(made, Random(5))  # noqa: S311 (an order, no secret)


def test_ten_a_day_and_two_a_minute_are_of_both_ids_together() -> None:
    """Five under each id fill the day of both; one under each fills the minute."""
    rules = policy(limits=(RollingLimit(10, DAY), RollingLimit(2, 60.0)))
    ten = [(n % 2, Contact(NOON + n * HOUR, "sms", "offer")) for n in range(10)]
    known = facts(rules, both(*ten))
    assert forbidden(rules, known, "offer", "sms", NOON + 10 * HOUR) == "cap_rolling"
    found = next_allowed_time(rules, known, "offer", "sms", NOON + 10 * HOUR, NOON + 9 * DAY)
    assert found == NOON + DAY
    two = [(n, Contact(NOON + n, "sms", "offer")) for n in range(2)]
    known = facts(rules, both(*two))
    assert forbidden(rules, known, "offer", "sms", NOON + 59) == "cap_rolling"
    assert forbidden(rules, known, "offer", "sms", NOON + 60) is None


def test_one_content_and_one_order_are_of_both_ids_together() -> None:
    """A push under one id holds the SMS of the same content back, and an offer behind it."""
    rules = policy(
        content=ContentLimit(1, DAY), sequences=(SequenceRule("not_after", "offer", "failed", DAY),)
    )
    known = facts(rules, both((0, Contact(NOON, "push", "reminder", "draw"))))
    assert forbidden(rules, known, "reminder", "sms", NOON + HOUR, "draw") == "same_content"
    known = facts(rules, both((0, Contact(NOON, "push", "failed")), (1, Contact(NOON, "sms", "x"))))
    assert forbidden(rules, known, "offer", "sms", NOON + HOUR) == "not_after"
    assert forbidden(rules, known, "offer", "sms", NOON + DAY) is None

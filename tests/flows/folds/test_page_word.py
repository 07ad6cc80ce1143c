"""Page's word: what pages alone have said moves no variant's share by more than was stated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import pytest
from places import CONFIG

import bandits
from bandits.policies.mixture import MixturePolicy
from bandits.policies.snapshot import dump
from nudge.config.slot_file import load_slots
from nudge.domain.credit.attribution_replay import fold
from nudge.domain.credit.booking import book
from nudge.domain.credit.page_word import SpokenRewards, find_parting
from nudge.domain.journal.records import Decision, Event, JournalEntry, Record, Ref, Reward
from nudge.domain.people.visitor import VisitorState
from nudge.domain.people.visitor_codec import decode_state, encode_state
from nudge.domain.slots.learning import first_policy
from nudge.domain.slots.slot import Scalar, Slot
from nudge.flows.folds.learner_fit import fit_learner
from nudge.flows.folds.page_share import facts_of
from nudge.store.folds.counts import CountRow

SHIPPED: Final = load_slots(CONFIG / "slots")["banner"]
BANNER: Final = replace(SHIPPED, policy={**SHIPPED.policy, "give_up": 1.0})
"""Without a bound: it would hide what words could do."""
NOW: Final = 1_790_000_000.0
SHARE: Final = 0.05
DAY_BEGINS: Final = 1_789_948_800.0
MADE_UP: Final = 500
WORST: Final = "triple_gift"

Said = Callable[[str], tuple[bool, bool]]
"""The words of a made-up visitor under a variant: shown, tapped."""

PATTERNS: Final[dict[str, Said]] = {
    "taps under one variant": lambda variant: (True, variant == WORST),
    "one shown, the rivals not": lambda variant: (variant == WORST, variant == WORST),
    "the rivals shown, without a tap": lambda variant: (variant != WORST, False),
    "the rivals shown, one tapped": lambda variant: (True, variant != "video"),
}


@dataclass
class Channel:
    """A channel's visitors, and the policy that is published for them.

    Attributes:
        entries: of the journal.
    """

    slot: Slot = BANNER
    entries: list[JournalEntry] = field(default_factory=list)
    counts: Counter[tuple[int, str, str, bool, int]] = field(default_factory=Counter)
    policy: bandits.Policy = field(default_factory=lambda: first_policy(BANNER))

    def visit(self, number: int, said: Iterable[str], *, by_page: bool, paid: bool = False) -> None:
        """One visitor asks, and is said to have seen and done things."""
        at, subject = NOW + number, f"{number:032x}"
        decision = self.decision(subject, number, by_page=by_page)
        records: list[Record] = [decision]
        source = "page" if by_page else "server"
        for kind in said:
            fields = {"step": "pay_tapped"} if kind == "step" else {}
            named = Ref(0, 1000 * number)
            records.append(Event(subject, kind, kind, source, named, fields))  # type: ignore[arg-type]
        if paid:
            records.append(Event(subject, "paid", "paid", "server", None, {"amount": 50}))
        self.take(JournalEntry(0, 1000 * number + i, at, r) for i, r in enumerate(records))

    def decision(self, subject: str, number: int, *, by_page: bool) -> Decision:
        """The decision that the published policy draws."""
        every = np.ones(len(self.slot.names), dtype=np.bool_)
        pmf = self.policy.distribution_one({}, every)
        arm = int(self.policy.draw(pmf[None, :], [number])[0])
        names = self.slot.names
        return Decision(
            *(subject, "banner", 1, "web", "home", {}, "0.0.0", names, {}),
            *(tuple(pmf.tolist()), 1, names[arm], float(pmf[arm]), "policy", "auto", 1),
            *(self.slot.terms, "banner", 1),
            by_page=by_page,
        )

    def take(self, entries: Iterable[JournalEntry]) -> list[Record]:
        """Fold a visitor's entries, and count them."""
        mine = list(entries)
        subject = mine[0].record.subject
        _, records = fold({subject: VisitorState()}, NOW, mine)
        stamp = mine[0].stamp
        written = [JournalEntry(0, 0, stamp, one) for one in records]
        for key, tally in book([*mine, *written]).items():
            for kind, amount in enumerate(tally):
                self.counts[key.bucket, key.cell, key.variant, key.claim, kind] += amount
        return records

    def rows(self) -> Iterator[CountRow]:
        """The counts."""
        for bucket, cell, variant in dict.fromkeys(key[:3] for key in self.counts):
            found = [
                tuple(self.counts[bucket, cell, variant, claim, kind] for kind in range(4))
                for claim in (False, True)
            ]
            yield CountRow(bucket, cell, variant, *found)  # type: ignore[arg-type]

    def publish(self, version: int, share: float = SHARE) -> None:
        """Fit what was counted."""
        at = NOW + 100_000
        self.policy = fit_learner(self.slot, self.rows(), [0], at, version, page_share=share)

    def shares(self) -> dict[str, float]:
        """The answer that a visitor gets."""
        pmf = self.policy.distribution({})[0]
        return dict(zip(self.slot.names, pmf.tolist(), strict=True))


def attacked(said: Said, channel: Channel, visitors: int = MADE_UP) -> Channel:
    """Made-up visitors come, and five times a policy is published."""
    for number in range(visitors):
        # They see what they got, and choose what to say.
        variant = channel.decision(f"{number:032x}", number + 1, by_page=True).variant
        shown, tapped = said(variant)
        words = ["shown"] * shown + ["step"] * tapped
        channel.visit(number + 1, words, by_page=True)
        if number % (visitors // 5) == visitors // 5 - 1:
            channel.publish(1 + number)
    return channel


@pytest.mark.parametrize("said", PATTERNS.values(), ids=PATTERNS)
def test_s07_made_up_visitors_move_no_share(said: Said) -> None:
    """On a store that knows nothing, 500 visitors move no variant by more than the share."""
    found = attacked(said, Channel()).shares()
    assert max(abs(share - 0.25) for share in found.values()) <= SHARE, found


def test_s07_a_share_of_one_is_what_was_learned_before() -> None:
    """A slot with nothing but pages' words may learn from them, and then they move everything."""
    channel = attacked(PATTERNS["taps under one variant"], Channel())
    channel.publish(999, share=1.0)
    assert channel.shares()[WORST] > 0.5
    slot = replace(BANNER, policy={**BANNER.policy, "page_share": 1.0})
    channel.slot = slot
    channel.publish(999)
    assert channel.shares()[WORST] > 0.5


def test_s07_words_weigh_their_share_beside_facts() -> None:
    """Facts of servers are learned whole, and pages' words move them by the share at most."""
    honest = Channel()
    for number in range(1, 401):
        variant = honest.decision(f"{number:032x}", number, by_page=False).variant
        paid = number % 10 < {"data_draw": 4, "coffee": 1}.get(variant, 0)
        honest.visit(number, ["shown"], by_page=False, paid=paid)
    honest.publish(1)
    before = honest.shares()
    assert before["data_draw"] > 0.8
    fitted = dump(honest.policy)
    honest.publish(1)
    assert dump(honest.policy) == fitted
    assert not isinstance(honest.policy, MixturePolicy)
    for number in range(1001, 1501):
        variant = honest.decision(f"{number:032x}", number, by_page=True).variant
        honest.visit(number, ["shown"] + ["step"] * (variant == WORST), by_page=True)
    honest.publish(1)
    after = honest.shares()
    assert isinstance(honest.policy, MixturePolicy)
    assert max(abs(after[name] - before[name]) for name in before) <= SHARE


def test_s07_strangers_pages_teach_by_what_servers_say() -> None:
    """An honest channel whose pages ask and whose servers report payments learns at once."""
    channel = Channel()
    for number in range(1, 401):
        variant = channel.decision(f"{number:032x}", number, by_page=True).variant
        paid = number % 10 < {"data_draw": 4, "coffee": 1}.get(variant, 0)
        channel.visit(number, ["shown", *["step"] * paid], by_page=True, paid=paid)
    channel.publish(1)
    assert channel.shares()["data_draw"] > 0.75


def test_s07_a_servers_word_makes_a_claim_a_fact() -> None:
    """A tap is a claim until the payment comes; the change of the reward says so, and is kept."""
    channel = Channel()
    subject, decision = "1" * 32, channel.decision("1" * 32, 1, by_page=True)
    tap = Event(subject, "t", "step", "page", None, {"step": "pay_tapped"})
    paid = Event(subject, "p", "paid", "server", None, {"amount": 50})
    shown = Event(subject, "s", "shown", "page", Ref(0, 1))
    said: list[Record] = [decision, shown, tap, paid]
    told = [JournalEntry(0, i, NOW + i, one) for i, one in enumerate(said, 1)]
    records = channel.take(told)
    changes = [(one.conversions, one.claims) for one in records if isinstance(one, Reward)]
    assert changes == [(1, 1), (0, -1)]
    assert [one.tally[:2] for one in facts_of(list(channel.rows()))] == [(1, 1)]
    states, _ = fold({subject: VisitorState()}, NOW, told[:2])
    assert states[subject].open[0].by_page
    assert decode_state(encode_state(states[subject])) == states[subject]


def test_s07_a_trial_is_drawn_and_not_said() -> None:
    """A page's question is a trial whether it says `shown` or not; others are when shown."""
    channel = Channel()
    for number in range(1, 101):
        channel.visit(number, ["shown"] if number % 4 else [], by_page=number % 2 == 1)
    rows = list(channel.rows())
    assert sum(row.tally[0] for row in rows) == 75
    assert sum(one.tally[0] for one in facts_of(rows)) == 50 + 25


def test_s07_a_device_has_five_claims_a_day() -> None:
    """The sixth tap of a day rewards nothing by itself; a payment does, and so does tomorrow."""
    channel, subject = Channel(), "1" * 32
    told: list[tuple[float, Record]] = []
    for number in range(1, 9):
        decision = channel.decision(subject, number, by_page=True)
        fields: dict[str, Scalar] = {"step": "pay_tapped", "~capped": True}
        at = 3600.0 * number if number < 8 else 100_000.0
        told += [
            (at, replace(decision, terms=replace(decision.terms, on="decision"))),
            (at, Event(subject, f"t{number}", "step", "page", None, fields)),
        ]
    paid = Event(subject, "p", "paid", "server", None, {"amount": 50})
    entries = [JournalEntry(0, i, DAY_BEGINS + at, one) for i, (at, one) in enumerate(told, 1)]
    entries.insert(-2, JournalEntry(0, 0, DAY_BEGINS + 3600 * 7 + 1, paid))
    rewards = [one for one in channel.take(entries) if isinstance(one, Reward)]
    assert [(one.event_id, one.claims) for one in rewards] == [
        *((f"t{number}", 1) for number in range(1, 6)),
        ("p", 0),
        ("t8", 1),
    ]


def test_s07_a_mark_of_the_address_takes_the_reward() -> None:
    """An event that was one too many for its address is kept, and rewards nothing."""
    channel, subject = Channel(), "1" * 32
    fields: dict[str, Scalar] = {"step": "pay_tapped", "~capped": True, "~surplus": True}
    said: list[Record] = [
        channel.decision(subject, 1, by_page=True),
        Event(subject, "s", "shown", "page", Ref(0, 1)),
        Event(subject, "t", "step", "page", None, fields),
    ]
    entries = [JournalEntry(0, i, NOW + i, one) for i, one in enumerate(said, 1)]
    assert not [one for one in channel.take(entries) if isinstance(one, Reward)]


def spoken(bucket: int, **told: tuple[int, int]) -> Iterator[SpokenRewards]:
    """Rewards of a bucket: told by pages alone, confirmed by servers."""
    for variant, pair in told.items():
        yield SpokenRewards(bucket, variant, *pair)


def test_s07_words_that_part_from_facts_are_found() -> None:
    """Taps that nobody pays for, beside others that are paid, part; without facts nothing does."""
    honest = {"coffee": (60, 90), "video": (30, 60), "data_draw": (150, 250)}
    parted = find_parting([*spoken(0, **honest), *spoken(300, **honest, triple_gift=(200, 2))])
    assert parted is not None
    assert (parted.bucket, parted.variant) == (300, "triple_gift")
    assert find_parting(spoken(0, **honest, triple_gift=(30, 15))) is None
    assert find_parting(spoken(0, triple_gift=(400, 0), coffee=(3, 0))) is None
    # Payments that are on their way are so for all variants of a bucket.
    assert find_parting(spoken(0, coffee=(500, 25), video=(80, 0))) is None


def test_s07_honest_words_and_facts_do_not_part() -> None:
    """Variants whose taps are paid three times less often, in 2,000 buckets, freeze nothing."""
    rng = np.random.default_rng(7)
    for bucket in range(2000):
        one, other = rng.integers(20, 400, 2)
        rate = rng.uniform(0.2, 0.9)
        less = rate / (rate + 3.0 * (1.0 - rate))
        paid, fewer = int(rng.binomial(one, rate)), int(rng.binomial(other, less))
        pairs = {"a": (int(one) - paid, paid), "b": (int(other) - fewer, fewer)}
        assert find_parting(spoken(bucket, **pairs)) is None

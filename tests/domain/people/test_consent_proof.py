"""Proofs of consent: their ends, and when they have been kept long enough."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from nudge.domain.people.consent_proof import ConsentProof, outlived, with_ends

SAID = st.builds(
    lambda n, at, channel, yes: ConsentProof(f"server:consent:{n}", float(at), channel, given=yes),
    st.integers(0, 1000),
    st.integers(0, 50),
    st.sampled_from(("sms", "call")),
    st.booleans(),
)
BOOKS = st.lists(SAID, max_size=8, unique_by=lambda one: one.name)


@given(BOOKS, st.randoms())
def test_ends_do_not_depend_on_the_order_of_arrival(
    book: list[ConsentProof], chance: Random
) -> None:
    """Proofs have the same ends in whatever order they are read."""
    mixed = list(book)
    chance.shuffle(mixed)
    assert with_ends(mixed) == with_ends(book)


@given(BOOKS)
def test_the_last_word_of_each_channel_has_no_end(book: list[ConsentProof]) -> None:
    """Each channel has one proof without an end, the latest: of two at one time the refusal."""
    ends = with_ends(book)
    for channel in {one.channel for one in book}:
        mine = [one for one in book if one.channel == channel]
        (last,) = (one for one in ends if one.channel == channel and one.ended is None)
        latest = max(one.at for one in mine)
        refused = any(not one.given for one in mine if one.at == latest)
        assert (last.at, last.given) == (latest, not refused)


@given(BOOKS, st.integers(-1, 60))
def test_what_was_kept_long_enough_is_exactly_what_ended(
    book: list[ConsentProof], before: int
) -> None:
    """A proof goes if a later word on its channel is that old; the last word never does."""
    gone, later = outlived(book, before)
    known = with_ends(book)
    assert set(gone) == {one.name for one in known if one.ended is not None and one.ended <= before}
    stay = [one.ended for one in known if one.name not in gone and one.ended is not None]
    assert later == min(stay, default=None)
    assert all(one.ended is not None for one in known if one.name in gone)


@given(BOOKS, st.integers(60, 90))
def test_an_erasure_ends_the_last_words(book: list[ConsentProof], at: int) -> None:
    """After an erasure every proof has an end, and an end of before stays."""
    once = with_ends(book, float(at))
    assert all(one.ended is not None for one in once)
    assert with_ends(once, float(at) + 99) == once

"""Keyed hashes, sealed ids and tokens."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nudge.domain.identity.sealing import (
    ID_LENGTH,
    MOST_HOMES,
    Device,
    Home,
    Sealer,
    away_ref,
    new_subject,
)
from nudge.domain.journal.records import AWAY, Ref

SEALER = Sealer(b"a secret of more than sixteen bytes")
OTHER = Sealer(b"another secret of sixteen bytes..")
REFS = st.builds(
    Ref, st.integers(0, 2**16 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**16 - 1)
)


@given(REFS)
def test_a_sealed_reference_opens_to_itself(ref: Ref) -> None:
    """`unseal` is the inverse of `seal`, and the id has one length and alphabet."""
    sealed = SEALER.seal(ref)
    assert SEALER.unseal(sealed) == ref
    assert len(sealed) == ID_LENGTH
    assert sealed.isalnum()
    assert sealed == sealed.lower()


@given(REFS)
def test_another_key_cannot_open_it(ref: Ref) -> None:
    """An id of another installation is refused."""
    assert OTHER.unseal(SEALER.seal(ref)) is None


@given(st.text(max_size=40))
def test_any_text_as_an_id_is_refused_quietly(text: str) -> None:
    """A forged id is None, never an exception."""
    assert SEALER.unseal(text) is None


def test_ids_do_not_show_the_order_of_positions() -> None:
    """Neighbours in the journal share no prefix that a reader could count by."""
    ids = [SEALER.seal(Ref(0, n)) for n in range(1, 200)]
    assert ids != sorted(ids)
    assert len({i[:6] for i in ids}) == len(ids)


def test_a_token_opens_only_under_its_key_and_unchanged() -> None:
    """A device token cannot be forged, cut or taken from another installation."""
    device = Device("d", (Home(new_subject(), 3), Home(new_subject(), 70)))
    token = SEALER.token(device)
    assert SEALER.device(token) == device
    assert OTHER.device(token) is None
    assert SEALER.device(token[:-1]) is None
    assert SEALER.device("") is None
    assert SEALER.device(None) is None


def test_a_token_of_the_version_before_is_good() -> None:
    """It named one subject and its partition: the device goes on by that name."""
    old = SEALER._tokens.dumps(["s" * 32, 5])
    assert SEALER.device(str(old)) == Device("s" * 32, (Home("s" * 32, 5),))


def test_a_device_sees_the_subjects_that_it_saw_last() -> None:
    """A token stays short: of many subjects the latest stay, each once."""
    device = Device("d")
    for number in (1, 2, 3, 1, 4, 5):
        device = device.seeing(Home(str(number), number))
    assert [home.partition for home in device.homes] == [3, 1, 4, 5]
    assert len(device.homes) == MOST_HOMES
    assert (device.sees("4"), device.sees("2")) == (True, False)
    assert len(SEALER.token(Device("d" * 32, tuple(Home("s" * 32, 999) for _ in range(4))))) < 512


def test_the_visitor_hash_needs_the_key() -> None:
    """The same id hashes alike under one key and differently under another."""
    assert SEALER.visitor_hash("v") == SEALER.visitor_hash("v")
    assert SEALER.visitor_hash("v") != OTHER.visitor_hash("v")
    assert SEALER.visitor_hash("v") != SEALER.visitor_hash("w")


def test_partitions_are_used_evenly() -> None:
    """Chi-square over 8 partitions and 8,000 ids stays below its .999 quantile (24.3)."""
    counts = [0] * 8
    for i in range(8_000):
        counts[SEALER.partition(SEALER.visitor_hash(str(i)), 8)] += 1
    assert sum((c - 1000) ** 2 / 1000 for c in counts) < 24.3


def test_references_without_the_journal_are_marked() -> None:
    """A decision made with the store away can be told from a position."""
    assert away_ref(2).position & AWAY
    assert SEALER.unseal(SEALER.seal(away_ref(2))) is not None

"""Snapshots: policies survive the round trip, and other bytes are refused."""

import struct
from hashlib import blake2b

import numpy as np
import pytest
from bandit_samples import contexts_of, learned_policy, masks_of
from hypothesis import given, settings
from hypothesis import strategies as st

import bandits
from bandits.policies import FixedPolicy, UniformPolicy

META = {"positions": {"0": "17-3", "1": "5-0"}, "slot_revision": 4}
BLOB = bandits.dump(learned_policy())


@pytest.mark.parametrize(
    "policy",
    [
        UniformPolicy(arms=("a", "b"), version="v7", meta=META),
        FixedPolicy(arms=("a", "b"), arm=1, by="page", by_value={"home": 0}, floor=0.01, meta=META),
    ],
)
def test_a_policy_comes_back_as_it_was(policy: bandits.Policy) -> None:
    """Kind, arms, version, meta and rule survive; dumping again gives the same bytes."""
    blob = bandits.dump(policy)
    assert bandits.load_policy(blob) == policy
    assert bandits.dump(bandits.load_policy(blob)) == blob


def test_a_learned_policy_comes_back_as_it_was(learned: bandits.Policy) -> None:
    """A learned policy keeps its bytes and distributions, and its arrays are read-only."""
    again = bandits.load_policy(bandits.dump(learned))
    assert bandits.dump(again) == bandits.dump(learned)
    contexts, masks = contexts_of(500), masks_of(500, 4)
    assert (again.distribution(contexts, masks) == learned.distribution(contexts, masks)).all()
    with pytest.raises(ValueError, match="read-only"):
        again.draws.draws[0, 0, 0] = 1.0  # type: ignore[attr-defined]


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(BLOB) - 1), st.integers(1, 255))
def test_a_changed_byte_is_refused(place: int, flip: int) -> None:
    """A snapshot with any single byte changed raises a SnapshotError."""
    damaged = bytearray(BLOB)
    damaged[place] ^= flip
    with pytest.raises(bandits.SnapshotError):
        bandits.load_policy(bytes(damaged))


@given(st.integers(0, len(BLOB) - 1))
def test_a_cut_snapshot_is_refused(length: int) -> None:
    """A snapshot cut at any length raises a SnapshotError."""
    with pytest.raises(bandits.SnapshotError):
        bandits.load_policy(BLOB[:length])


@given(st.binary(max_size=200))
def test_other_bytes_are_refused(blob: bytes) -> None:
    """Arbitrary bytes raise a SnapshotError and no other error, with a valid checksum or not."""
    for body in (blob, b"BNDT" + blob, b"BNDT" + struct.pack("<HHI", 1, 0, len(blob)) + blob):
        with pytest.raises(bandits.SnapshotError):
            bandits.load_policy(body)
        with pytest.raises(bandits.SnapshotError):
            bandits.load_policy(sealed(body))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ((b'"ensemble.table"', b'"ensemble.cloud"'), "unknown kind"),
        ((b'"<f4"', b'"|O8"'), "do not fit"),
        ((b'"arms":["a10"', b'"arms":["a10","z"'), "do not fit"),
        ((b'"kind":', b'"kinf":'), "do not fit"),
    ],
)
def test_parts_that_do_not_fit_are_refused(change: tuple[bytes, bytes], text: str) -> None:
    """A header with a wrong kind, type or arm and a valid checksum raises a SnapshotError."""
    length = struct.unpack_from("<I", BLOB, 8)[0]
    header = BLOB[12 : 12 + length].replace(*change)
    header += b" " * (-len(header) % 8)
    body = BLOB[:8] + struct.pack("<I", len(header)) + header + BLOB[12 + length : -32]
    with pytest.raises(bandits.SnapshotError, match=text):
        bandits.load_policy(sealed(body))


def test_a_newer_format_says_so() -> None:
    """A snapshot of a newer format raises a SnapshotError that names the format."""
    with pytest.raises(bandits.SnapshotError, match="newer format 2"):
        bandits.load_policy(BLOB[:4] + struct.pack("<H", 2) + BLOB[6:])


def test_a_policy_without_a_form_is_refused() -> None:
    """Dumping an object without a snapshot form raises a TypeError."""
    with pytest.raises(TypeError, match="no snapshot form"):
        bandits.dump(np.zeros(1))  # type: ignore[arg-type]


def sealed(body: bytes) -> bytes:
    return body + blake2b(body, digest_size=32).digest()

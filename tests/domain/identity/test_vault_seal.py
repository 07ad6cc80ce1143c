"""Values in the vault can be read with its key, about their owner, and not otherwise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge.domain.identity.vault_seal import VaultSeal
from nudge.errors import CorruptRecordError

ONE, TWO = b"one" * 8, b"two" * 8


@given(st.text(), st.text())
def test_what_is_sealed_can_be_opened(text: str, about: str) -> None:
    """The text comes back; twice the same text is not twice the same bytes."""
    vault = VaultSeal({1: ONE})
    sealed = vault.seal(text, about)
    assert vault.open(sealed, about) == text
    assert vault.seal(text, about) != sealed


@given(st.binary(max_size=40))
def test_anything_else_is_refused(damage: bytes) -> None:
    """Another owner, other bytes or nothing at all: an error of ours."""
    vault = VaultSeal({1: ONE})
    sealed = vault.seal("13812345678", "device")
    for bytes_, about in ((sealed, "other"), (damage, "device"), (sealed[:-1] + b"?", "device")):
        if (bytes_, about) != (sealed, "device"):
            with pytest.raises(CorruptRecordError):
                vault.open(bytes_, about)


def test_keys_rotate() -> None:
    """A new key encrypts; what the old one sealed is read while it is still given."""
    before, after = VaultSeal({1: ONE}), VaultSeal({1: ONE, 2: TWO})
    old, new = before.seal("n", "d"), after.seal("n", "d")
    assert (after.open(old, "d"), after.open(new, "d")) == ("n", "n")
    with pytest.raises(CorruptRecordError, match="NUDGE_VAULT_KEYS"):
        VaultSeal({2: TWO}).open(old, "d")

"""Encryption of the vault's content: numbers and texts that people wrote."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from nudge.errors import CorruptRecordError

NONCE: Final = 12


class VaultSeal:
    """AES-GCM under rotating keys; sealed bytes are the key's id (one byte), the nonce, the cipher.

    Args:
        keys: id (0 to 255) -> secret; the last one encrypts, all of them decrypt.
    """

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        self._keys = {name: AESGCM(_key(secret)) for name, secret in keys.items()}
        self._current = list(keys)[-1]

    def seal(self, text: str, about: str) -> bytes:
        """Encrypt a text with the current key.

        Args:
            text: in the clear.
            about: its owner, authenticated: with any other owner the text cannot be opened.
        """
        nonce = secrets.token_bytes(NONCE)
        cipher = self._keys[self._current].encrypt(nonce, text.encode(), about.encode())
        return bytes((self._current,)) + nonce + cipher

    def is_current(self, sealed: bytes) -> bool:
        """Return True where a sealed text is under the current key."""
        return sealed[:1] == bytes((self._current,))

    def open(self, sealed: bytes, about: str) -> str:
        """Decrypt a sealed text.

        Raises:
            CorruptRecordError: it is of another key, of another owner, or damaged.
        """
        key = self._keys.get(sealed[0]) if sealed else None
        if key is None:
            raise CorruptRecordError("no key of that id: see NUDGE_VAULT_KEYS")
        try:
            nonce, cipher = sealed[1 : 1 + NONCE], sealed[1 + NONCE :]
            return key.decrypt(nonce, cipher, about.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise CorruptRecordError("a sealed text cannot be read") from error


def _key(secret: bytes) -> bytes:
    return hmac.new(secret, b"vault", hashlib.sha256).digest()

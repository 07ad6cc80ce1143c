"""Keyed hashes, sealed ids and device tokens: all that derives from the secret key.

Each use has a key of its own, derived from the one secret, so that no two can be confused.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
from dataclasses import dataclass
from functools import cached_property

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from itsdangerous import BadData, URLSafeSerializer

from nudge.domain.records import AWAY, Ref

_MAGIC = b"NDG\x01"
"""First bytes of a sealed reference; whoever forges an id would have to hit them."""
_LAYOUT = struct.Struct(">4sHHQ")
ID_LENGTH = 26


@dataclass(frozen=True)
class Device:
    """What a device token says: this device may see this subject's state.

    Attributes:
        subject: of the visitor.
        partition: where the subject's journal and state are.
    """

    subject: str
    partition: int


class Sealer:
    """Everything that needs the secret key."""

    def __init__(self, secret_key: bytes) -> None:
        self._secret = secret_key

    def _key(self, use: str, size: int = 32) -> bytes:
        return hmac.new(self._secret, use.encode(), hashlib.sha256).digest()[:size]

    @cached_property
    def _visitor_key(self) -> bytes:
        return self._key("visitor")

    @cached_property
    def draw_key(self) -> bytes:
        """Key of the hash that draws `u`; 32 bytes."""
        return self._key("draw")

    @cached_property
    def spool_key(self) -> bytes:
        """Key of the spool's encryption; 32 bytes."""
        return self._key("spool")

    @cached_property
    def _block(self) -> Cipher[modes.ECB]:
        # One block per id and no repetition within it: the plain cipher is a permutation here.
        return Cipher(algorithms.AES(self._key("decision", 16)), modes.ECB())  # noqa: S305

    @cached_property
    def _tokens(self) -> URLSafeSerializer:
        return URLSafeSerializer(self._key("device"), salt="device")

    def visitor_hash(self, visitor_id: str) -> str:
        """Keyed hash of an external id: 32 hex digits."""
        return hmac.new(self._visitor_key, visitor_id.encode(), hashlib.sha256).hexdigest()[:32]

    def partition(self, visitor_hash: str, partitions: int) -> int:
        """The partition in which a hashed id is at home."""
        return int(visitor_hash[:12], 16) % partitions

    def seal(self, ref: Ref) -> str:
        """The decision id that stands for a reference: 26 lower-case letters and digits."""
        block = _LAYOUT.pack(_MAGIC, ref.partition, ref.index, ref.position)
        encryptor = self._block.encryptor()
        sealed = encryptor.update(block) + encryptor.finalize()
        return base64.b32encode(sealed).decode().rstrip("=").lower()

    def unseal(self, decision_id: str) -> Ref | None:
        """The reference behind a decision id, or None for an id that was not given by us."""
        if len(decision_id) != ID_LENGTH:
            return None
        try:
            sealed = base64.b32decode(decision_id.upper() + "======")
        except ValueError:
            return None
        decryptor = self._block.decryptor()
        block = decryptor.update(sealed) + decryptor.finalize()
        magic, partition, index, position = _LAYOUT.unpack(block)
        return Ref(partition, position, index) if magic == _MAGIC else None

    def token(self, device: Device) -> str:
        """A device token."""
        return str(self._tokens.dumps([device.subject, device.partition]))

    def device(self, token: str | None) -> Device | None:
        """The device behind a token, or None where it is missing, forged or of another key."""
        if not token:
            return None
        try:
            subject, partition = self._tokens.loads(token)
        except (BadData, ValueError, TypeError):
            return None
        return Device(str(subject), int(partition))


def new_subject() -> str:
    """A random subject: 32 hex digits that say nothing of the visitor."""
    return secrets.token_hex(16)


def away_ref(partition: int) -> Ref:
    """A random reference for a decision that no journal could number."""
    return Ref(partition, AWAY | secrets.randbits(61))

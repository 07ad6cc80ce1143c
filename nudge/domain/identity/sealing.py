"""Keyed hashes, sealed ids and device tokens: everything that derives from the secret key.

Each use has a key of its own, derived from the one secret, so that no two can be confused.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

import msgpack
import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from itsdangerous import BadData, URLSafeSerializer
from numpy.typing import NDArray

from nudge.domain.identity.link import Links
from nudge.domain.identity.number import Number
from nudge.domain.identity.vault_seal import VaultSeal
from nudge.domain.journal.records import AWAY, Ref
from nudge.domain.values.number_words import replace_numbers

_MAGIC = b"NDG\x01"
"""First bytes of a sealed reference; a forged id would have to hit them."""
_LAYOUT = struct.Struct(">4sHHQ")
_MARK = "d."
"""Prefix of an encrypted token; tokens of the version before were only signed.

An erased person's subject must not stay readable in a browser.
"""
_NONCE = 12
_WEIGHTS: Final = np.array([16, 8, 4, 2, 1], np.uint8)
_LETTERS: Final = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", np.uint8)
_PSEUDONYM: Final = 24
"""Letters in place of a number in an id: 96 bits."""
_AS_LETTERS: Final = str.maketrans("0123456789", "ghijklmnop")
ID_LENGTH = 26
MOST_HOMES: Final = 4
"""Subjects in one token: people who share a device or change ids stay known."""
DECOY: Final = "ffffff"
"""Prefix of homes in a token that are nobody's: see `Sealer.decoy`."""
NUMBERS: Final = "000000"
"""Prefix of the subjects of numbers, which makes them smaller than all others."""


class Home(NamedTuple):
    """The partition of a subject.

    Attributes:
        subject: of a visitor.
        partition: holds the subject's journal and state.
    """

    subject: str
    partition: int


@dataclass(frozen=True)
class Device:
    """The content of a device token.

    Attributes:
        id: random; numbers typed on the device are stored under it.
        homes: subjects whose state the device may see, the latest last.
        vouched: those of them for which a server spoke; the device claimed the others by itself.
    """

    id: str
    homes: tuple[Home, ...] = ()
    vouched: frozenset[str] = frozenset()

    def seeing(self, home: Home, *, vouched: bool = False) -> Device:
        """Return the device with one more home, as the latest; a server's word stays."""
        homes = (*(x for x in self.homes if x.subject != home.subject), home)[-MOST_HOMES:]
        known = self.vouched | ({home.subject} if vouched else set())
        return Device(self.id, homes, known & {one.subject for one in homes})

    @property
    def knows(self) -> tuple[Home, ...]:
        """The homes that are somebody's."""
        return tuple(home for home in self.homes if not home.subject.startswith(DECOY))

    def marks(self, *, claims: bool) -> list[str]:
        """Return the subjects as scripts of the store know them: `?` before what is but claimed.

        Args:
            claims: those that the device claimed by itself count, until a server says otherwise.
        """
        return [
            s if s in self.vouched else f"?{s}"
            for s, _ in self.homes
            if claims or s in self.vouched
        ]

    def sees(self, subject: str) -> bool:
        """Return True where the device may see the state of a subject."""
        return any(home.subject == subject for home in self.homes)


class Sealer:
    """The holder of the secret key: hashes, seals and tokens.

    Attributes:
        vault: encrypts numbers and texts that people wrote.
    """

    def __init__(self, secret_key: bytes, vault_keys: Mapping[int, bytes] | None = None) -> None:
        self._secret = secret_key
        self.vault = VaultSeal(vault_keys or {1: secret_key})

    def _key(self, use: str, size: int = 32) -> bytes:
        return hmac.new(self._secret, use.encode(), hashlib.sha256).digest()[:size]

    @cached_property
    def _visitor_key(self) -> bytes:
        return self._key("visitor")

    @cached_property
    def _number_key(self) -> bytes:
        return self._key("number")

    @cached_property
    def _decoy_key(self) -> bytes:
        return self._key("decoy")

    @cached_property
    def draw_key(self) -> bytes:
        """Key of the hash that draws `u`; 32 bytes."""
        return self._key("draw")

    @cached_property
    def spool_key(self) -> bytes:
        """Key of the spool's encryption; 32 bytes."""
        return self._key("spool")

    @cached_property
    def pages_key(self) -> bytes:
        """Key that seals the browsers' sessions of the pages; 32 bytes."""
        return self._key("pages")

    @cached_property
    def _word_key(self) -> bytes:
        return self._key("word")

    @cached_property
    def row_key(self) -> bytes:
        """Key of the digests by which rows of visitors are known; 32 bytes."""
        return self._key("row")

    @cached_property
    def import_key(self) -> bytes:
        """Key of the digests by which rows of imported logs are known; 32 bytes."""
        return self._key("import")

    @cached_property
    def limits_key(self) -> bytes:
        """Key of the hash under which keys, addresses and devices are limited; 32 bytes."""
        return self._key("limits")

    @cached_property
    def links(self) -> Links:
        """The codec of link tokens in SMS."""
        return Links(self._key("link"))

    @cached_property
    def _block(self) -> Cipher[modes.ECB]:
        # One block per id and no repetition within it: the plain cipher is a permutation here.
        return Cipher(algorithms.AES(self._key("decision", 16)), modes.ECB())  # noqa: S305

    @cached_property
    def _threads(self) -> threading.local:
        return threading.local()

    def _encrypt(self, blocks: bytes) -> bytes:
        """Return whole blocks of 16 bytes, encrypted.

        No block hangs on the one before, so a thread makes one encryptor for good: making one costs
        more than all else about an id.
        """
        try:
            encryptor = self._threads.encryptor
        except AttributeError:
            encryptor = self._threads.encryptor = self._block.encryptor()
        sealed: bytes = encryptor.update(blocks)
        return sealed

    @cached_property
    def _device_key(self) -> AESGCM:
        return AESGCM(self._key("token"))

    @cached_property
    def _tokens(self) -> URLSafeSerializer:
        return URLSafeSerializer(self._key("device"), salt="device")

    def visitor_hash(self, visitor_id: str) -> str:
        """Return the keyed hash of an external id: 32 hex digits."""
        return hmac.digest(self._visitor_key, visitor_id.encode(), "sha256").hex()[:32]

    def partition(self, visitor_hash: str, partitions: int) -> int:
        """Return the home partition of a hashed id."""
        return int(visitor_hash[:12], 16) % partitions

    def seal(self, ref: Ref) -> str:
        """Return the decision id of a reference: 26 lower-case letters and digits."""
        block = _LAYOUT.pack(_MAGIC, ref.partition, ref.index, ref.position)
        return base64.b32encode(self._encrypt(block)).decode().rstrip("=").lower()

    def seal_each(self, refs: Sequence[Ref]) -> list[str]:
        """Return the decision ids of many references, in one run of the cipher."""
        blocks = [_LAYOUT.pack(_MAGIC, r.partition, r.index, r.position) for r in refs]
        sealed = self._encrypt(b"".join(blocks))
        letters = _base32(np.frombuffer(sealed, np.uint8).reshape(len(refs), 16))
        return [letters[i : i + ID_LENGTH] for i in range(0, len(letters), ID_LENGTH)]

    def unseal(self, decision_id: str) -> Ref | None:
        """Return the reference of a decision id; None for an id that this service did not issue."""
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
        """Return the encrypted token of a device."""
        # The complement of a partition says that a server vouched: tokens of the version before
        # have none, and name what pages claimed.
        homes = [part for s, p in device.homes for part in (s, ~p if s in device.vouched else p)]
        nonce = secrets.token_bytes(_NONCE)
        sealed = nonce + self._device_key.encrypt(nonce, msgpack.packb([device.id, *homes]), None)
        return _MARK + base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def device(self, token: str | None) -> Device | None:
        """Return the device of a token; None where it is missing, forged or of another key."""
        if not token:
            return None
        try:
            name, *homes = self._token_fields(token)
            if len(homes) == 1:
                # Of the version before, which knew one subject and no devices.
                return Device(str(name), (Home(str(name), int(homes[0])),))
            pairs = [(str(s), int(p)) for s, p in zip(homes[::2], homes[1::2], strict=True)]
            seen = tuple(Home(s, ~p if p < 0 else p) for s, p in pairs)
            return Device(str(name), seen, frozenset(s for s, p in pairs if p < 0))
        except (BadData, InvalidTag, ValueError, TypeError):
            return None

    def _token_fields(self, token: str) -> list[Any]:
        if not token.startswith(_MARK):
            found: list[Any] = self._tokens.loads(token)
            return found
        body = token.removeprefix(_MARK)
        sealed = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        plain = self._device_key.decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
        fields: list[Any] = msgpack.unpackb(plain)
        return fields

    def hide_numbers(self, text: str) -> str:
        """Return an id with each number in it replaced by its keyed hash, as letters.

        Equal ids stay equal and different ones different, so that a retry is still known.
        """
        return replace_numbers(text, self._pseudonym)[0]

    def _pseudonym(self, written: str) -> str:
        digest = hmac.digest(self._word_key, written.encode(), "sha256").hex()[:_PSEUDONYM]
        return "~" + digest.translate(_AS_LETTERS)

    def decoy(self, device: str, home: Home) -> Home:
        """Return the home that a device's token names in place of one that it may not see.

        Else the token's length would tell a stranger that somebody else uses the id already.
        """
        name = f"{device} {home.subject}".encode()
        digits = hmac.digest(self._decoy_key, name, "sha256").hex()
        return Home(DECOY + digits[: len(home.subject) - len(DECOY)], home.partition)

    def number_hash(self, number: Number) -> str:
        """Return the keyed hash of a number: 32 hex digits, never that of another external id."""
        return hmac.digest(self._number_key, number.e164.encode(), "sha256").hex()[:32]


def _base32(blocks: NDArray[np.uint8]) -> str:
    """Encode blocks (n, 16) as `ID_LENGTH` letters each: Python's own encoder is slow for many."""
    bits = np.zeros((len(blocks), 5 * ID_LENGTH), np.uint8)
    bits[:, :128] = np.unpackbits(blocks, axis=1)
    values = bits.reshape(-1, 5) @ _WEIGHTS
    return str(_LETTERS[values].tobytes(), "ascii")


def new_subject() -> str:
    """Return a random subject: 32 hex digits that reveal nothing of the visitor."""
    return secrets.token_hex(16)


def new_subjects(count: int) -> list[str]:
    """Return `count` random subjects."""
    digits = secrets.token_hex(16 * count)
    return [digits[i : i + 32] for i in range(0, len(digits), 32)]


def new_label() -> str:
    """Return a random subject for a number: smaller than those of all visitors."""
    return NUMBERS + secrets.token_hex(13)


def away_ref(partition: int) -> Ref:
    """Return a random reference for a decision that no journal could number."""
    return Ref(partition, AWAY | secrets.randbits(61))

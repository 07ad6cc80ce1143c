"""The link token of an SMS: names the visitor and the decision where no cookie survives."""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from nudge.domain.journal.records import Ref

_LAYOUT: Final = struct.Struct(">HHQ16s")
LENGTH: Final = 59
"""Letters of a token: short enough for an SMS."""


class Link(NamedTuple):
    """The content of a link token.

    Attributes:
        subject: of the visitor to whom the SMS went.
        ref: the decision on the send time, in the subject's partition.
    """

    subject: str
    ref: Ref


class Links:
    """A codec of link tokens.

    AES-SIV (RFC 5297): equal links have equal tokens, a token reveals nothing and cannot be
    changed, and no random value has to be stored.
    """

    def __init__(self, key: bytes) -> None:
        self._siv = AESSIV(key)

    def token(self, link: Link) -> str:
        """Return the token of a link, in letters that a URL can hold."""
        return self.token_each([link])[0]

    def token_each(self, links: Sequence[Link]) -> list[str]:
        """Return the tokens of many links, encoded in one run."""
        # With a byte behind each they are whole threes, whose last letter says nothing.
        sealed = [self._siv.encrypt(self._plain(link), None) + b"\0" for link in links]
        letters = base64.urlsafe_b64encode(b"".join(sealed)).decode()
        return [letters[i : i + LENGTH] for i in range(0, len(letters), LENGTH + 1)]

    def _plain(self, link: Link) -> bytes:
        partition, position, index = link.ref
        return _LAYOUT.pack(partition, index, position, bytes.fromhex(link.subject))

    def link(self, token: str | None) -> Link | None:
        """Return the link of a token; None where it is missing, changed or of another key."""
        if token is None or len(token) != LENGTH:
            return None
        try:
            sealed = base64.b64decode(token + "=", altchars=b"-_", validate=True)
            partition, index, position, subject = _LAYOUT.unpack(self._siv.decrypt(sealed, None))
        except (ValueError, InvalidTag):
            return None
        return Link(subject.hex(), Ref(partition, position, index))

"""The place of a case in the order of win-back, as one text that sorts as the order does. Pure."""

from __future__ import annotations

import base64
import binascii
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

from nudge.errors import InvalidRequestError

_GAINS: Final = 10**12
_TIMES: Final = 10**10
_KEY: Final = 35
"""Characters of the part by which places are ordered."""
_END: Final = "\x7f"


class WinbackRank(NamedTuple):
    """The rank of a case: what is compared, in this order.

    Attributes:
        blocked: the contact policy allows no contact; such cases are not on the usual list.
        mended: the cause of leaving was mended.
        gain: yuan that a contact is expected to bring; 0 where that cannot be told.
        due: seconds of the call that a known date moves; None without one.
        left_at: seconds.
    """

    blocked: bool
    mended: bool
    gain: float
    due: float | None
    left_at: float

    @property
    def key(self) -> str:
        """The rank as text: the smaller one comes first."""
        gain = min(max(round(self.gain * 100), -_GAINS // 2), _GAINS // 2 - 1)
        due = _TIMES - 1 if self.due is None else min(max(int(self.due), 0), _TIMES - 1)
        left = _TIMES - 1 - min(max(int(self.left_at), 0), _TIMES - 1)
        flags = f"{int(self.blocked)}{int(not self.mended)}"
        return f"{flags}{_GAINS // 2 - 1 - gain:013d}{due:010d}{left:010d}"


class WinbackPlace(NamedTuple):
    """The place of a case, with what lists are filtered by.

    Attributes:
        key: of the rank.
        id: of the case.
        stage: at which the visitor left.
        reason: of the failed payment; empty for none.
        channel: of the visit.
    """

    key: str
    id: str
    stage: str = ""
    reason: str = ""
    channel: str = ""

    @property
    def blocked(self) -> bool:
        """Whether the contact policy allowed no contact when the place was made."""
        return self.key[0] == "1"

    @property
    def mended(self) -> bool:
        """Whether the cause of leaving was mended when the place was made."""
        return self.key[1] == "0"

    @property
    def text(self) -> str:
        """The place as a member of a sorted set."""
        words = (quote(one, safe="") for one in (self.id, self.stage, self.reason, self.channel))
        return "|".join((self.key, *words))


def place_of_text(text: str) -> WinbackPlace:
    """Return the place of a member."""
    key, *words = text.split("|")
    return WinbackPlace(key, *map(unquote, words))


def behind(place: WinbackPlace) -> str:
    """Return the text behind which the members after a place begin."""
    return f"{place.key}|{quote(place.id, safe='')}|{_END}"


def cursor_of(place: WinbackPlace) -> str:
    """Return a place as the text of a cursor."""
    return base64.urlsafe_b64encode(f"{place.key}|{place.id}".encode()).decode().rstrip("=")


def parse_cursor(text: str) -> WinbackPlace:
    """Return the place that a cursor names.

    Raises:
        InvalidRequestError: the text is no cursor.
    """
    try:
        plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (ValueError, binascii.Error):
        plain = ""
    key, _, name = plain.partition("|")
    if len(key) != _KEY or not (key.isascii() and key.isdigit() and name):
        wrong = "is not one of an answer; begin without it"
        raise InvalidRequestError(f"cursor: {wrong}", {"cursor": [wrong]})
    return WinbackPlace(key, name)

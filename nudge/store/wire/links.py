"""Links to a server that know how many answers they are owed.

The library gives a connection back to its pool whatever ended the call. One that was interrupted
between sending and reading would leave its answer to the next caller: the pool notices only what
has arrived by then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import redis
from redis.connection import (
    AbstractConnection,
    Connection,
    SSLConnection,
    UnixDomainSocketConnection,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


class AnswerCount(AbstractConnection):
    """A count of the answers that a link is owed: a link that is owed one serves no other call.

    Attributes:
        owed: answers to what was sent that nobody has read to the end.
    """

    owed = 0
    _sending = 1
    """Commands in the next packet."""

    def pack_commands(self, commands: Sequence[Sequence[Any]]) -> list[bytes]:
        """Pack the commands of a pipeline; they are sent next, and each is answered."""
        packed: list[bytes] = super().pack_commands(commands)  # type: ignore[no-untyped-call]
        self._sending = len(commands)
        return packed

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:  # noqa: ANN401, FBT001, FBT002 - the library's own
        """Send a packet; its answers are owed from before the first byte."""
        self.owed += self._sending
        self._sending = 1
        super().send_packed_command(command, check_health)  # type: ignore[no-untyped-call]

    def read_response(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - the library's own
        """Read an answer; a refusal is one, too."""
        try:
            answer = super().read_response(*args, **options)
        except redis.ResponseError:
            self.owed -= 1
            raise
        self.owed -= 1
        return answer

    def can_read(self, timeout: float = 0) -> bool:
        """Return whether something has come; the pool asks before it hands the link out.

        Raises:
            redis.ConnectionError: answers are owed. The pool connects anew.
        """
        if self.owed:
            raise redis.ConnectionError("a call was broken off: its answer may still come")
        return super().can_read(timeout)

    def disconnect(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - the library's own
        """Close the link: what was owed does not come any more."""
        super().disconnect(*args, **options)  # type: ignore[no-untyped-call]
        self.owed = 0


class TcpLink(AnswerCount, Connection):
    """A link in clear."""


class TlsLink(AnswerCount, SSLConnection):
    """A link by TLS."""


class UnixLink(AnswerCount, UnixDomainSocketConnection):
    """A link by a socket in the file system."""


LINKS: Final[dict[str, type[Connection | UnixDomainSocketConnection]]] = {
    "redis": TcpLink,
    "rediss": TlsLink,
    "unix": UnixLink,
}
"""The link of each scheme of an address."""

"""Words of a closed list: channels and purposes of contact, channels of pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from nudge.domain.values.plain_text import fold_case
from nudge.domain.values.refusal import ValueRefusedError


@dataclass(frozen=True)
class ClosedList:
    """The words that a field may hold; any other is refused with the list.

    Attributes:
        words: as they are kept.
        aliases: another spelling -> its word, such as `短信` -> `sms`.
    """

    words: tuple[str, ...]
    aliases: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def parse(self, value: object) -> str:
        """Return the word that is meant: trimmed, in any case and width, or by an alias.

        Raises:
            ValueRefusedError: any other value.
        """
        if isinstance(value, str):
            if value in self._known:
                return self._known[value]
            found = self._known.get(fold_case(value))
            if found is not None:
                return found
        raise ValueRefusedError(f"is not allowed; use one of {', '.join(self.words)}")

    @cached_property
    def _known(self) -> dict[str, str]:
        aliases = {fold_case(other): word for other, word in self.aliases.items()}
        return aliases | {fold_case(word): word for word in self.words}

"""The installation's rules for values from outside: what depends on its configuration."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from nudge.domain.identity.number import Number, parse_number
from nudge.domain.values.closed_list import ClosedList
from nudge.domain.values.ids import MAX_ID, parse_id
from nudge.domain.values.plain_text import fold_case
from nudge.domain.values.refusal import ValueRefusedError

_NIL: Final = re.compile(r"[0-]*0[0-]*\Z")
"""Zeros alone, with or without dashes: the nil UUID in all of its spellings, and number 0."""


@dataclass(frozen=True)
class InputRules:
    """Rules for ids, numbers, channels and purposes, bound once for all doors.

    Attributes:
        region: two letters, of numbers that name no country.
        channels: of contact.
        purposes: of contact.
        impossible_ids: ids that stand for nobody, such as `undefined`.
        impossible_numbers: numbers that stand for nobody, as they are dialled.
        number_ranges: numbers that exist besides those of the library; see `parse_number`.
    """

    region: str
    channels: ClosedList
    purposes: ClosedList
    impossible_ids: tuple[str, ...] = ()
    impossible_numbers: tuple[str, ...] = ()
    number_ranges: tuple[str, ...] = ()

    def visitor_id(self, value: object) -> str:
        """Parse the id of a visitor.

        Raises:
            ValueRefusedError: it is no id, or one that stands for nobody.
        """
        found = parse_id(value, MAX_ID)
        if fold_case(found) in self._nobody or _NIL.match(found):
            raise ValueRefusedError("stands for nobody; give the visitor's own id")
        return found

    def number(self, value: object) -> Number:
        """Parse a phone number.

        Raises:
            InvalidNumberError: it is no number.
            ValueRefusedError: it is one that stands for nobody.
        """
        found = parse_number(value, self.region, self.number_ranges)
        if found.dialled in self.impossible_numbers or found.e164 in self.impossible_numbers:
            raise ValueRefusedError("stands for nobody; give the visitor's own number")
        return found

    @cached_property
    def _nobody(self) -> frozenset[str]:
        return frozenset(map(fold_case, self.impossible_ids))

"""Names and colours of a slot's variants: the same on every page and chart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from nudge.pages.translation import spoken

COLOURS: Final = 8
Json = Mapping[str, Any]


@dataclass(frozen=True)
class VariantName:
    """A variant as the reader knows it.

    Attributes:
        name: of the API.
        title: in the reader's language, or its name.
        place: in the order of creation.
    """

    name: str
    title: str
    place: int

    @property
    def colour(self) -> str:
        """The class of its colour."""
        return f"c{self.place % COLOURS}"


Names = Mapping[str, VariantName]


def variant_names(slot: Json, more: Iterable[str] = ()) -> dict[str, VariantName]:
    """Return the names of a slot's variants, and of earlier ones behind them.

    Args:
        slot: as the API answers it.
        more: names that a report knows.
    """
    titles = {one["name"]: spoken(one.get("title")) for one in slot["variants"]}
    every = list(dict.fromkeys([*titles, *more]))
    return {name: VariantName(name, titles.get(name) or name, i) for i, name in enumerate(every)}

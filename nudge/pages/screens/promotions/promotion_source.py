"""The source of the promotions: slots and their figures, as the API gives them to the user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import abort, current_app

from nudge.pages.access import EXTENSION, door
from nudge.pages.api_door import api_path
from nudge.pages.screens.promotions.promotion import (
    Promotion,
    is_promotion_slot,
    read_promotions,
)

NOT_FOUND: Final = 404


@dataclass(frozen=True)
class PromotionSlot:
    """A slot of promotions at the revision that the user looks at.

    Attributes:
        table: of the slot, as the API gives it.
        etag: of the revision.
    """

    table: Mapping[str, Any]
    etag: str

    @property
    def name(self) -> str:
        """The name of the slot."""
        return str(self.table["slot"])

    @property
    def mode(self) -> str:
        """The mode of the slot, such as `live`."""
        return str(self.table["mode"])

    @property
    def floor(self) -> float:
        """The least share of an eligible variant, as it is served now."""
        return float(self.table["serving"]["floor"])

    @property
    def promotions(self) -> tuple[Promotion, ...]:
        """The promotions in the order of their creation."""
        return read_promotions(self.table)

    def promotion(self, name: str) -> Promotion:
        """Return a promotion by its name; one that is not there is a page that is not there."""
        found = next((one for one in self.promotions if one.name == name), None)
        if found is None:
            abort(NOT_FOUND)
        return found


def promotion_slots() -> list[Mapping[str, Any]]:
    """Return the slots whose variants are offers that visitors see, as the API gives them."""
    return [one for one in door().get("/v1/slots").body["slots"] if is_promotion_slot(one)]


def find_slot(name: str) -> PromotionSlot:
    """Return a slot of promotions; one that has none is a page that is not there."""
    found = door().get(api_path("/v1/slots/{}", name))
    if not is_promotion_slot(found.body):
        abort(NOT_FOUND)
    return PromotionSlot(found.body, found.etag)


def variant_figures(slot: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the figures of a slot's variants, by name."""
    found = door().get(api_path("/v1/slots/{}/performance", slot)).body
    return {one["variant"]: one for one in found["variants"]}


def operator_zone() -> ZoneInfo:
    """Return the operator's time zone, in which dates are typed and shown."""
    found: ZoneInfo = current_app.extensions[EXTENSION].zone
    return found

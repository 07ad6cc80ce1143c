"""Data of a slot's page: what several of its parts ask the API for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from nudge.pages.access import door, may
from nudge.pages.api_door import ApiAnswer, ApiDoor, api_path
from nudge.pages.screens.slots.estimates import EstimateRow, estimate_rows
from nudge.pages.screens.slots.timeline import TimeMark, time_marks
from nudge.pages.screens.slots.variant_names import Names, variant_names

Json = Mapping[str, Any]
MISSING: Final = 404


@dataclass(frozen=True)
class SlotData:
    """A slot as the API tells it to the user of this request; each part is asked for once.

    Attributes:
        api: door of the user.
        path: of the slot in the API.
        answer: of `GET /v1/slots/{slot}`.
    """

    api: ApiDoor
    path: str
    answer: ApiAnswer

    @classmethod
    def read(cls, name: str) -> SlotData:
        """Read a slot.

        Raises:
            ApiRefusal: there is no such slot, or the role may not see it.
        """
        api, path = door(), api_path("/v1/slots/{}", name)
        return cls(api, path, api.get(path))

    @cached_property
    def slot(self) -> Json:
        """The slot's content, and how it is served."""
        found: Json = self.answer.body
        return found

    @cached_property
    def performance(self) -> Json:
        """The totals of this second with the newest report."""
        found: Json = self.api.get(f"{self.path}/performance").body
        return found

    @cached_property
    def report(self) -> Json | None:
        """The newest report; None until there is one."""
        found: Json | None = self.performance["report"]
        return found

    @cached_property
    def names(self) -> Names:
        """Names of the variants, of earlier ones too."""
        return variant_names(self.slot, [one["variant"] for one in self.performance["variants"]])

    @cached_property
    def shares(self) -> Mapping[str, float]:
        """Variant -> share of all visitors who see it now."""
        if not may("makePreview"):
            return {one["variant"]: one["share_now"] or 0.0 for one in self.performance["variants"]}
        found = self.api.post(f"{self.path}/previews", {"patch": {}}).body
        shares: Mapping[str, float] = found["before"]
        return shares

    @cached_property
    def rows(self) -> list[EstimateRow]:
        """The variants' estimates."""
        return estimate_rows(self.slot, self.performance, self.shares, self.names)

    @cached_property
    def revisions(self) -> Sequence[Json]:
        """The audit of the slot, the newest first."""
        if not may("listRevisions"):
            return []
        found: Sequence[Json] = self.api.get(f"{self.path}/revisions").body["revisions"]
        return found

    @cached_property
    def marks(self) -> list[TimeMark]:
        """The times at which something happened to the slot."""
        alarms = self.api.get("/v1/alarms").body["alarms"] if may("listAlarms") else []
        return time_marks(self.slot["slot"], self.revisions, alarms)

    @cached_property
    def model(self) -> Json | None:
        """The policy in words; None for a role that does not see it."""
        return self.api.get(f"{self.path}/model").body if may("getModel") else None

    @cached_property
    def policy(self) -> Json | None:
        """The kept versions of the policy; None for a role that does not see them."""
        return self.api.get(f"{self.path}/policy").body if may("getPolicy") else None

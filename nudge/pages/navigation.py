"""Navigation of the pages: the screens in the order of the menu, and who sees them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from flask import request

from nudge.pages.access import may
from nudge.pages.translation import gettext as _


@dataclass(frozen=True)
class Screen:
    """A screen of the menu.

    Attributes:
        path: of its page.
        label: message id of its name.
        operation: of the API, without which there is nothing to see.
    """

    path: str
    label: str
    operation: str

    @property
    def here(self) -> bool:
        """True where the page of this request belongs to the screen."""
        own = self.path.rstrip("/")
        return request.path == self.path or bool(own and request.path.startswith(f"{own}/"))


def N_(text: str) -> str:  # noqa: N802 (gettext's own name)
    """Mark a message that is translated where it is shown."""
    return text


SCREENS: Final = (
    Screen("/", N_("Overview"), "getOverview"),
    Screen("/slots", N_("Slots"), "listSlots"),
    Screen("/promotions", N_("Promotions"), "listSlots"),
    Screen("/funnel", N_("Funnel"), "getFunnel"),
    Screen("/sms", N_("SMS"), "getContactPolicy"),
    Screen("/alarms", N_("Alarms"), "listAlarms"),
    Screen("/work", N_("Work list"), "listWork"),
    Screen("/warnings", N_("Warnings"), "listWarnings"),
    Screen("/winback", N_("Win-back"), "listWinback"),
    Screen("/segments", N_("Segments"), "listSegments"),
    Screen("/explain", N_("Explain"), "explainDecision"),
    Screen("/visitor", N_("Visitor"), "getVisitor"),
    Screen("/audit", N_("Audit"), "listAudit"),
    Screen("/system", N_("System"), "getSystem"),
    Screen("/users", N_("Users"), "listUsers"),
)


def first_path(operations: Collection[str]) -> str:
    """Return the first page of whoever may call these operations; the own account without any."""
    return next((one.path for one in SCREENS if one.operation in operations), "/account")


def menu() -> list[tuple[str, str, bool]]:
    """Return path, name and whether it is the present one, of the screens that the user may see."""
    return [(one.path, _(one.label), one.here) for one in SCREENS if may(one.operation)]

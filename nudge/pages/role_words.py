"""Roles in the reader's words: their names, and what each may do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nudge.domain.users.roles import Role
from nudge.pages.translation import gettext as _


def N_(text: str) -> str:  # noqa: N802 (gettext's own name)
    """Mark a message that is translated where it is shown."""
    return text


NAMES: Final[Mapping[str, str]] = {
    Role.VIEWER: N_("Viewer"),
    Role.MARKETER: N_("Marketer"),
    Role.AGENT: N_("Agent"),
    Role.ADMIN: N_("Administrator"),
}
TEXTS: Final[Mapping[str, str]] = {
    Role.VIEWER: N_("Sees figures, alarms and lists without persons, and changes nothing."),
    Role.MARKETER: N_("Also changes slots, promotions and policies, and acts on alarms."),
    Role.AGENT: N_("Works through lists of visitors, and sees and changes nothing else."),
    Role.ADMIN: N_("May do everything, and manages users."),
}


def role_name(role: str) -> str:
    """Return the name of a role."""
    return _(NAMES[role])


def role_text(role: str) -> str:
    """Return a sentence about what a role may do."""
    return _(TEXTS[role])

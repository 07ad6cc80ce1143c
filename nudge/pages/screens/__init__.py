"""The screens of the pages: a module each, with its paths."""

from __future__ import annotations

from typing import Final

from nudge.pages.screens import (
    alarm_actions,
    alarms,
    explain,
    funnel,
    signing,
    sms,
    start,
    users,
    visitor,
)
from nudge.pages.screens import audit, overview, signing, system
from nudge.pages.screens.slots import action_views, views, what_if

BLUEPRINTS: Final = (
    signing.blueprint,
    start.blueprint,
    users.blueprint,
    funnel.blueprint,
    alarms.blueprint,
    alarm_actions.blueprint,
    explain.blueprint,
    visitor.blueprint,
    views.blueprint,
    action_views.blueprint,
    what_if.blueprint,
    sms.blueprint,
    overview.blueprint,
    audit.blueprint,
    system.blueprint,
)
"""Blueprints of all screens."""

"""The screens of the pages: a module each, with its paths."""

from __future__ import annotations

from typing import Final

from nudge.pages.screens import (
    alarm_actions,
    alarms,
    explain,
    funnel,
    signing,
    start,
    users,
    visitor,
)

BLUEPRINTS: Final = (
    signing.blueprint,
    start.blueprint,
    users.blueprint,
    funnel.blueprint,
    alarms.blueprint,
    alarm_actions.blueprint,
    explain.blueprint,
    visitor.blueprint,
)
"""Blueprints of all screens."""

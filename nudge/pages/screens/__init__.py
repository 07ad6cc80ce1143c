"""The screens of the pages: a module each, with its paths."""

from __future__ import annotations

from typing import Final

from nudge.pages.screens import alarm_actions, alarms, funnel, signing, start

BLUEPRINTS: Final = (
    signing.blueprint,
    start.blueprint,
    funnel.blueprint,
    alarms.blueprint,
    alarm_actions.blueprint,
)
"""Blueprints of all screens."""

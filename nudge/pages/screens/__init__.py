"""The screens of the pages: a module each, with its paths."""

from __future__ import annotations

from typing import Final

from nudge.pages.screens import (
    alarm_actions,
    alarms,
    audit,
    explain,
    funnel,
    overview,
    segments,
    signing,
    sms,
    system,
    users,
    visitor,
    work,
    work_reports,
)
from nudge.pages.screens.promotions import edit_view, list_view, stop_view
from nudge.pages.screens.slots import action_views, views, what_if

BLUEPRINTS: Final = (
    signing.blueprint,
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
    list_view.blueprint,
    edit_view.blueprint,
    stop_view.blueprint,
    *work.BLUEPRINTS,
    *work_reports.BLUEPRINTS,
    segments.blueprint,
)
"""Blueprints of all screens."""

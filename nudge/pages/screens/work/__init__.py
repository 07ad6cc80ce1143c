"""Screens of work: whom to call first, warnings, win-back, and what was done about each case."""

from __future__ import annotations

from typing import Final

from nudge.pages.screens.work import (
    case_grant,
    case_steps,
    many_cases,
    mended_causes,
    outcome_file,
    warning_list,
    winback_list,
    work_list,
)

BLUEPRINTS: Final = (
    work_list.blueprint,
    warning_list.blueprint,
    winback_list.blueprint,
    case_steps.blueprint,
    case_grant.blueprint,
    many_cases.blueprint,
    outcome_file.blueprint,
    mended_causes.blueprint,
)
"""Blueprints of the screens of work."""

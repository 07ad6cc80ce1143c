"""The screens of the pages: a module each, with its paths."""

from __future__ import annotations

from typing import Final

from nudge.pages.screens import segments, signing, start, work, work_reports

BLUEPRINTS: Final = (
    signing.blueprint,
    start.blueprint,
    *work.BLUEPRINTS,
    *work_reports.BLUEPRINTS,
    segments.blueprint,
)
"""Blueprints of all screens."""

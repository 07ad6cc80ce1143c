"""Screens of what came of the work: the closed loop, what win-back adds, why people leave."""

from __future__ import annotations

from typing import Final

from nudge.pages.screens.work_reports import leaving_factors, winback_effect, work_loop

BLUEPRINTS: Final = (work_loop.blueprint, winback_effect.blueprint, leaving_factors.blueprint)
"""Blueprints of the screens."""

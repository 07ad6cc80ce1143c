"""The screens of the pages: a module each, with its paths."""

from __future__ import annotations

from typing import Final

from nudge.pages.screens import signing, start
from nudge.pages.screens.slots import action_views, views, what_if

BLUEPRINTS: Final = (
    signing.blueprint,
    start.blueprint,
    views.blueprint,
    action_views.blueprint,
    what_if.blueprint,
)
"""Blueprints of all screens."""

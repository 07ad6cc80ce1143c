"""The screens of the pages: a module each, with its paths."""

from __future__ import annotations

from typing import Final

from nudge.pages.screens import signing, start
from nudge.pages.screens.promotions import edit_view, list_view, stop_view

BLUEPRINTS: Final = (
    signing.blueprint,
    start.blueprint,
    list_view.blueprint,
    edit_view.blueprint,
    stop_view.blueprint,
)
"""Blueprints of all screens."""

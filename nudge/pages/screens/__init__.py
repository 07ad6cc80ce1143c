"""The screens of the pages: a module each, with its paths."""

from __future__ import annotations

from typing import Final

from nudge.pages.screens import signing, start, work

BLUEPRINTS: Final = (
    signing.blueprint,
    start.blueprint,
    *work.BLUEPRINTS,
)
"""Blueprints of all screens."""

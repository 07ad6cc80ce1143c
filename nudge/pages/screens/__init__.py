"""The screens of the pages: a module each, with its paths."""

from __future__ import annotations

from typing import Final

from nudge.pages.screens import signing, start

BLUEPRINTS: Final = (
    signing.blueprint,
    start.blueprint,
)
"""Blueprints of all screens."""

"""Silence of a history's processes: what happened weeks ago is no news of now."""

from __future__ import annotations

import logging

import structlog


def quiet() -> None:
    """Let nothing but what ends the process be logged."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))

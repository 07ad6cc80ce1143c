"""A valid slot table to break in one place at a time."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def table() -> dict[str, Any]:
    return {
        "slot": "denomination",
        "on": "decision",
        "holdout": 0.05,
        "stickiness": {"period": "1d", "by": ["page"]},
        "reward": {"objective": "conversion", "event": "paid", "window": "3d"},
        "policy": {"kind": "auto", "half_life": "14d"},
        "fallback": {"default": "50", "home": "100"},
        "affordable": {"multiple": 3},
        "context": [
            {"name": "channel", "kind": "category", "cells": ["web", "wap", "app"]},
            {"name": "last_amount", "kind": "number", "cells": [10, 30]},
            {"name": "mobile_before", "kind": "flag"},
        ],
        "variants": [
            {"name": "50", "value": 50, "attributes": {"amount": 50}},
            {"name": "100", "value": 100, "available": {"channels": ["web"]}},
        ],
    }

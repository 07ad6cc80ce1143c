"""A page with a chart of each kind in a part that lives, for the tests of the frame."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, render_template_string

from nudge.clock import now

TIMES: Final = [f"2026-11-{day:02d}T00:00:00+08:00" for day in range(1, 29)]
RATES: Final = [0.04 + 0.001 * (day % 7) for day in range(28)]
LINES: Final[dict[str, Any]] = {
    "x": TIMES,
    "unit": "rate",
    "band": {"name": "usual", "low": [0.035] * 28, "high": [0.048] * 28},
    "marks": [
        {"at": TIMES[7], "kind": "revision", "label": "revision 2"},
        {"at": TIMES[19], "kind": "alarm", "label": "alarm"},
    ],
    "series": [
        {
            "name": "coffee",
            "values": RATES,
            "low": [one - 0.004 for one in RATES],
            "high": [one + 0.004 for one in RATES],
            "colour": 0,
        },
        {"name": "data_draw", "values": [one - 0.01 for one in RATES], "colour": 1},
    ],
}
AREAS: Final[dict[str, Any]] = {
    "x": TIMES,
    "series": [
        {"name": "coffee", "values": [day / 40 for day in range(28)], "colour": 0},
        {"name": "data_draw", "values": [1 - day / 40 for day in range(28)], "colour": 1},
    ],
}
BARS: Final[dict[str, Any]] = {
    "x": ["09", "10", "11"],
    "unit": "count",
    "series": [{"name": "planned", "values": [300, 500, 200]}],
    "limit": {"name": "capacity", "values": [400, 400, 400]},
}
HEAT: Final[dict[str, Any]] = {
    "x": [str(day) for day in range(1, 32)],
    "y": [f"{hour}" for hour in range(9, 21)],
    "unit": "rate",
    "cells": [
        {"x": x, "y": y, "value": (x * y % 17) / 100, "text": f"{x}/{y}", "thin": x % 9 == 0}
        for x in range(31)
        for y in range(12)
    ],
    "hatched": [{"x": x, "y": 0} for x in range(31)],
    "marks_x": [0],
}
_CHARTS: Final = "".join(
    f"""{{% call charts.chart("{name}", "{kind}", {kind}, "{kind}") %}}
<tbody><tr><td>1</td></tr></tbody>
{{% endcall %}}"""
    for name, kind in (("one", "lines"), ("two", "areas"), ("three", "bars"), ("four", "heat"))
)
PAGE: Final = f"""
{{% extends "layout.html" %}}
{{% import "parts/charts.html" as charts with context %}}
{{% block title %}}Charts{{% endblock %}}
{{% block head %}}{{{{ charts.scripts() }}}}{{% endblock %}}
{{% block main %}}
<h1>Charts</h1><p class="verdict">{{{{ at }}}}</p>
<section id="live" hx-get="/pages/test-charts" hx-select="#live" hx-trigger="every 1s"
  hx-swap="morph:outerHTML">
<p id="when">{{{{ at }}}}</p><input id="typed" aria-label="typed">
{_CHARTS}
</section>
{{% endblock %}}
"""


def add_page(blueprint: Blueprint) -> None:
    """Add the page to the blueprint of the tests."""

    @blueprint.get("/pages/test-charts")
    def charts() -> str:
        return render_template_string(
            PAGE, at=f"{now():.3f}", lines=LINES, areas=AREAS, bars=BARS, heat=HEAT
        )

"""The weight of a first visit: bounds of the contract, in bytes as they travel."""

from __future__ import annotations

import re
from typing import Final

import pytest
from flask.testing import FlaskClient
from page_site import PageSite

from nudge.pages.navigation import SCREENS

PLAIN: Final = 120 * 1024
CHARTS: Final = 350 * 1024
FILES: Final = re.compile(r'(?:src|href)="(/pages/static/[^"]+)"')


def weigh(client: FlaskClient, path: str) -> tuple[int, bool]:
    """The compressed bytes of a page with its files, and whether charts are among them."""
    ways = {"Accept-Encoding": "gzip"}
    page = client.get(path, headers=ways)
    assert page.status_code == 200
    text = client.get(path).text
    files = [client.get(one, headers=ways) for one in sorted(set(FILES.findall(text)))]
    assert all(one.status_code == 200 for one in files)
    return len(page.data) + sum(len(one.data) for one in files), "echarts" in text


@pytest.mark.parametrize("path", [one.path for one in SCREENS])
def test_a_first_visit_is_light(site: PageSite, path: str) -> None:
    """At most 120 KB without charts, 350 KB with."""
    size, charts = weigh(site.client(), path)
    assert size <= (CHARTS if charts else PLAIN), f"{size:,} bytes"

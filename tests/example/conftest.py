"""One shop and one browser for the tests of a file: both take a second to start."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from browsers import open_browser
from places import CONFIG
from playwright.sync_api import Browser
from shop_site import ShopSite, serving_shop

from nudge.settings.settings import Settings


@pytest.fixture(scope="module")
def shop_settings(store_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of one file's shop."""
    return Settings(
        secret_key=b"test-secret-key-0123456789abcdef",
        admin_key="test-admin-key-0123456789abcdefgh",
        page_key="test-page-key-0123456789abcdefghi",
        redis_url=store_url,
        data_dir=tmp_path_factory.mktemp("shop") / "data",
        config_dir=CONFIG,
        namespace=f"t-{uuid.uuid4().hex[:12]}",
        # What the hot path does within 50 ms is for the benchmarks: a busy test machine is slow.
        hot_timeout=5.0,
    )


@pytest.fixture(scope="module")
def site(shop_settings: Settings) -> Iterator[ShopSite]:
    """The running shop."""
    with serving_shop(shop_settings) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless browser."""
    with open_browser() as running:
        yield running

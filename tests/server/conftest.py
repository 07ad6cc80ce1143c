"""One web with short deadlines for all tests of the server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from standin_web import Web, running_web


@pytest.fixture(scope="session")
def web() -> Iterator[Web]:
    """A web whose deadlines are short."""
    short = {"NUDGE_WEB_HEAD_TIMEOUT": "1s", "NUDGE_WEB_BODY_TIMEOUT": "1.5s"}
    with running_web(
        **short, NUDGE_WEB_MAX_CONNECTIONS="300", NUDGE_MAX_EVENTS_BODY="2000000"
    ) as one:
        yield one

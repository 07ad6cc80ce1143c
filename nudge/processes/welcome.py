"""The welcome that `nudge serve` prints when ready: address, keys and one line to try."""

from __future__ import annotations

import http.client
import json
import shlex
from urllib.parse import urlsplit

from nudge.settings.settings import Settings

_EXAMPLE = {
    "visitor_id": "demo-1",
    "channel": "web",
    "page": "home",
    "slots": ["denomination", "prefill", "banner"],
}
_OK = 200


def answers(url: str, path: str = "/readyz", timeout: float = 0.5) -> bool:
    """Return whether GET answers 200 within `timeout` seconds."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == _OK
    except (OSError, http.client.HTTPException):
        # Not up yet: the caller asks again.
        return False
    finally:
        connection.close()


def example(settings: Settings) -> str:
    """Return one curl line that asks for all slots of a page."""
    body = json.dumps(_EXAMPLE, separators=(",", ":"))
    headers = [f"Authorization: Bearer {settings.page_key}", "Content-Type: application/json"]
    parts = ["curl", "-s", f"{settings.url}/v1/decisions", "-d", body]
    return shlex.join([*parts, *(part for header in headers for part in ("-H", header))])


def welcome(settings: Settings) -> str:
    """Return the whole welcome text."""
    lines = {
        "Nudge": settings.url,
        "API": f"{settings.url}/docs",
        "data": str(settings.data_dir),
        "page key": settings.page_key or "none",
        "admin key": settings.admin_key or "none",
    }
    table = "\n".join(f"  {name:<10} {value}" for name, value in lines.items())
    return f"\n{table}\n\nTry it:\n\n  {example(settings)}\n\nCtrl-C stops everything.\n"

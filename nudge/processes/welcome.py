"""The welcome that `nudge serve` prints when ready: address, keys and one line to try."""

from __future__ import annotations

import http.client
import json
import shlex
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from nudge.settings.settings import Settings

_EXAMPLE = {
    "visitor_id": "demo-1",
    "channel": "web",
    "page": "home",
    "slots": ["denomination", "prefill", "banner"],
}
_OK = 200
NO_PAGES: Final[Mapping[str, str]] = MappingProxyType({})
NO_SLOTS = b'"reason":"no_slots: '
"""The words of /readyz while only slots are missing."""


def answers(url: str, path: str = "/readyz", timeout: float = 0.5) -> bool:
    """Return whether GET answers within `timeout` seconds that all processes do their part.

    A store without slots, as after `--no-examples`, is the operator's: the service itself is up.
    """
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status == _OK or NO_SLOTS in response.read()
    except (OSError, http.client.HTTPException):
        # Not up yet: the caller asks again.
        return False
    finally:
        connection.close()


def example(settings: Settings, *, shown: bool) -> str:
    """Return one curl line that asks for all slots of a page; a shell runs it as it stands.

    Args:
        settings: of the installation.
        shown: whether the line has the page key itself, or reads it from where it is kept.
    """
    body = json.dumps(_EXAMPLE, separators=(",", ":"))
    key = settings.page_key if shown else _key_in_shell(settings)
    # In double quotes a shell reads the key. One that we made has nothing else that it reads.
    ask = shlex.join(["curl", "-s", f"{settings.url}/v1/decisions", "-d", body])
    return f"{ask} -H \"Authorization: Bearer {key}\" -H 'Content-Type: application/json'"


def welcome(
    settings: Settings,
    *,
    terminal: bool,
    pages: Mapping[str, str] = NO_PAGES,
    sign_in: str = "",
) -> str:
    """Return the whole welcome text.

    A key is in it only where a person reads it who could not know it: made just now, on a
    terminal. What is written to a file stays there, and logs travel.

    Args:
        settings: of the installation.
        terminal: whether the text goes to a terminal.
        pages: name -> path of further pages.
        sign_in: how the first admin signs in; empty once an admin has a password.
    """
    shown = terminal and settings.origin.made
    lines = {
        "Nudge": settings.url,
        **({"sign in": sign_in} if sign_in else {}),
        "API": f"{settings.url}/docs",
        **{name: f"{settings.url}{path}" for name, path in pages.items()},
        "data": str(settings.data_dir),
        "page key": _told_key(settings, "page_key", shown=shown),
        "admin key": _told_key(settings, "admin_key", shown=shown),
    }
    table = "\n".join(f"  {name:<10} {value}" for name, value in lines.items())
    line = example(settings, shown=shown and "page_key" in settings.origin.in_file)
    return f"\n{table}\n\nTry it:\n\n  {line}\n\nCtrl-C stops everything.\n"


def _told_key(settings: Settings, name: str, *, shown: bool) -> str:
    if name not in settings.origin.in_file:
        return f"from NUDGE_{name.upper()}" if getattr(settings, name) else "none"
    kept = f"in {settings.secrets_file}"
    return f"{getattr(settings, name)} (made just now, {kept})" if shown else kept


def _key_in_shell(settings: Settings) -> str:
    if "page_key" not in settings.origin.in_file:
        return "$NUDGE_PAGE_KEY"
    file = shlex.quote(str(settings.secrets_file))
    return f"$(sed -n 's/^page_key = \"\\(.*\\)\"$/\\1/p' {file})"

"""The snippets of the front-end guide, ready to be run against a service of the tests."""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

from places import ROOT
from shop_site import ShopSite

from nudge.api.sdk_files import read_sdk_files

ENGLISH: Final = ROOT / "docs" / "frontend.md"
CHINESE: Final = ROOT / "docs" / "frontend.zh-CN.md"
SNIPPET: Final = re.compile(r"<!-- snippet: ([\w-]+) -->\n```\w+\n(.*?)```", re.DOTALL)
SCRIPT: Final = re.compile(r"<script>\n(.*?)</script>", re.DOTALL)


def snippets(text: str) -> dict[str, str]:
    """The snippets of a guide, by name."""
    return dict(SNIPPET.findall(text))


def snippet(name: str, site: ShopSite, **words: str) -> str:
    """A snippet with this service's address, key and hash in the places of the guide's."""
    sdk = read_sdk_files()
    present = sdk.versions[sdk.current]
    found = snippets(ENGLISH.read_text("utf-8"))[name]
    found = found.replace('integrity="sha384-..."', f'integrity="{present.integrity}"')
    for word, value in ({"PAGE_KEY": str(site.service.settings.page_key)} | words).items():
        found = found.replace(word, value)
    return found.replace("https://nudge.example", site.url)


def call(site: ShopSite, text: str) -> tuple[int, Any]:
    """Send a snippet of HTTP; return status and parsed answer."""
    head, _, body = text.partition("\n\n")
    first, *lines = head.splitlines()
    method, path = first.split()
    headers = dict(line.split(": ", 1) for line in lines if not line.startswith("Host: "))
    connection = http.client.HTTPConnection(urlsplit(site.url).netloc)
    connection.request(method, path, body.strip().encode(), headers)
    response = connection.getresponse()
    answer = response.status, json.loads(response.read())
    connection.close()
    return answer


@dataclass
class Host:
    """A web server of somebody else, as pages see the service: from another origin.

    Attributes:
        url: its address.
        files: path -> content; a script where the path ends so.
        policy: content security policy of every answer; empty for none.
    """

    url: str
    files: dict[str, str]
    policy: str = ""

    def put(self, page: str) -> str:
        """Serve a page, its inline script as a file of its own; return the page's address."""
        script = "".join(SCRIPT.findall(page))
        self.files["/page.js"] = script
        self.files["/"] = SCRIPT.sub('<script src="/page.js"></script>', page)
        return f"{self.url}/"


@contextmanager
def hosting() -> Iterator[Host]:
    """A host on loopback, until the end of the block."""
    host = Host("", {})

    class Handler(BaseHTTPRequestHandler):
        """Gives the host's files."""

        def do_GET(self) -> None:
            """Answer with a file, or with nothing at all."""
            path = urlsplit(self.path).path
            text = host.files.get(path)
            self.send_response(204 if text is None else 200)
            kind = "text/javascript" if path.endswith(".js") else "text/html; charset=utf-8"
            self._tell({"Content-Type": kind, "Content-Length": str(len((text or "").encode()))})
            self.wfile.write((text or "").encode())

        def _tell(self, headers: Mapping[str, str]) -> None:
            for name, value in headers.items():
                self.send_header(name, value)
            if host.policy:
                self.send_header("Content-Security-Policy", host.policy)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    host.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

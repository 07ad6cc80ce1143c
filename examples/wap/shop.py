"""A recharge shop for old WAP phones: the server asks, an image counts the exposure."""

from __future__ import annotations

import argparse
import os
import re
import uuid
from dataclasses import dataclass
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from pages import AMOUNTS, TYPE, paid_page, pixel, shop_page

from nudge.client import Client, RefusedError, ServiceAwayError

SLOTS = ("banner", "denomination")
DEFAULTS = {
    "banner": {"title": {"zh": "充值抽流量", "en": "Recharge and draw data"}},
    "denomination": 50,
}
ID = re.compile(r"[0-9a-f]{32}")
"""Ids that the shop gives: of visitors and of orders."""
NUMBER = re.compile(r"[0-9]{1,9}")
LONGEST = 4096
"""Bytes of a form."""


@dataclass
class Shop:
    """The shop: a client of the service, and the key that its pages may show.

    Attributes:
        client: with the scopes `decide` and `ingest`.
        service: address of the service, as phones reach it.
        pixel_key: with the scope `decide` alone.
    """

    client: Client
    service: str
    pixel_key: str

    def open_page(self, visitor: str, lang: str) -> bytes:
        """Return the page for a visitor, with what was decided in time."""
        page = self.client.decide(visitor, SLOTS, channel="wap", page="recharge")
        seen = [one.decision_id for one in page if not one.is_default]
        return shop_page(
            lang,
            page["banner"].value["title"][lang],
            page["denomination"].value,
            {"v": visitor, "order": uuid.uuid4().hex},
            [pixel(self.service, self.pixel_key, one) for one in seen],
        )

    def pay(self, visitor: str, order: str, amount: int) -> None:
        """Tell the service of a payment, once however often the phone sends the form."""
        paid = {"event_id": order, "visitor_id": visitor, "amount": amount}
        try:
            self.client.send(paid | {"type": "paid"})
        except (ServiceAwayError, RefusedError):
            self.client.track("paid", **paid)  # goes on in the background, under the same id


def visitor_of(cookies: str) -> str:
    """Return the visitor's id of a cookie that the shop gave, or a new one."""
    given = SimpleCookie(cookies).get("v")
    found = ID.fullmatch(given.value) if given else None
    return found[0] if found else uuid.uuid4().hex


def handler_of(shop: Shop) -> type[BaseHTTPRequestHandler]:
    """Return the handler of the shop's requests."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            visitor = visitor_of(self.headers.get("Cookie", ""))
            self._answer(200, shop.open_page(visitor, self._lang()), visitor)

        def do_POST(self) -> None:
            told = self.headers.get("Content-Length", "")
            length = min(int(told), LONGEST) if NUMBER.fullmatch(told) else 0
            form = parse_qs(self.rfile.read(length).decode("utf-8", "replace"))
            visitor, order, amount = (form.get(name, [""])[0] for name in ("v", "order", "amount"))
            made_here = ID.fullmatch(visitor) and ID.fullmatch(order)
            if not made_here or amount not in map(str, AMOUNTS):
                self._answer(400, b"")
                return
            shop.pay(visitor, order, int(amount))
            self._answer(200, paid_page(self._lang(), int(amount)))

        def _lang(self) -> str:
            return "en" if self.headers.get("Accept-Language", "").startswith("en") else "zh"

        def _answer(self, status: int, body: bytes, visitor: str = "") -> None:
            self.send_response(status)
            self.send_header("Content-Type", TYPE)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            if visitor:
                self.send_header("Set-Cookie", f"v={visitor}; Max-Age=31536000; Path=/; HttpOnly")
            self.end_headers()
            self.wfile.write(body)

    return Handler


def main() -> None:
    """Serve the shop until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    port = parser.parse_args().port
    service = os.environ["NUDGE_URL"].rstrip("/")
    with Client(service, os.environ["NUDGE_SERVER_KEY"], DEFAULTS) as client:
        shop = Shop(client, service, os.environ["NUDGE_PIXEL_KEY"])
        server = ThreadingHTTPServer(("127.0.0.1", port), handler_of(shop))
        print(f"http://127.0.0.1:{port}/")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            server.server_close()


if __name__ == "__main__":
    main()

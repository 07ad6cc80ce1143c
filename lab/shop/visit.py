"""The visit: a signed cookie that says which visitor of the shop this browser is."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final

from flask import Request, Response
from itsdangerous import BadSignature, URLSafeSerializer

from nudge.settings.settings import Settings

COOKIE: Final = "example_shop"
PATH: Final = "/example"
LIFE: Final = 180 * 86_400
"""Seconds for which a browser keeps the visit."""


@dataclass(frozen=True)
class Visits:
    """The visits of one installation: signed, so that nobody asks under the id of somebody else."""

    signer: URLSafeSerializer

    @classmethod
    def of(cls, settings: Settings) -> Visits:
        """Return those of an installation."""
        return cls(URLSafeSerializer(settings.secret_key, salt="example shop"))

    def find(self, request: Request) -> str | None:
        """Return the visitor's id; None for a browser without a valid cookie."""
        try:
            return str(self.signer.loads(request.cookies.get(COOKIE, "")))
        except BadSignature:
            return None

    def find_or_make(self, request: Request) -> str:
        """Return the visitor's id, a new one for a new browser."""
        return self.find(request) or f"shop-{secrets.token_hex(16)}"

    def keep(self, response: Response, visitor: str) -> None:
        """Have the browser keep the visit; no script can read it."""
        value = str(self.signer.dumps(visitor))
        response.set_cookie(COOKIE, value, LIFE, path=PATH, httponly=True, samesite="Lax")

"""The cookie of the pages, which browsers send over TLS only where it came over TLS."""

from __future__ import annotations

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface


class PageSessions(SecureCookieSessionInterface):
    """The browsers' sessions: one sealed cookie, `Secure` where the browser speaks TLS."""

    def get_cookie_secure(self, app: Flask) -> bool:
        """Return whether the cookie is for TLS only.

        TLS ends at a proxy, which says so in `X-Forwarded-Proto`. Whoever lies there only keeps the
        cookie from himself.
        """
        told = request.headers.get("X-Forwarded-Proto", "").partition(",")[0].strip().lower()
        return request.is_secure or told == "https" or super().get_cookie_secure(app)

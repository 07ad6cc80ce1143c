"""The door to the API: calls of its WSGI application in this process, as the signed-in user."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote_to_bytes, urlencode

import orjson

from nudge.domain.journal.caller import Caller

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

CALLER: Final = "nudge.caller"
"""Entry of a call's environ with the caller; headers of clients cannot set it."""
NONE: Final = frozenset[int]()
REFUSED: Final = 400
PENDING: Final = 202
_JSON: Final = "application/json"


@dataclass(frozen=True)
class ApiAnswer:
    """An answer of the API.

    Attributes:
        status: HTTP status.
        headers: lower-case name -> value.
        content: bytes of the body.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> Any:  # noqa: ANN401 (JSON)
        """The parsed JSON; None without a body."""
        return orjson.loads(self.content) if self.content else None

    @property
    def pending(self) -> bool:
        """True where a worker still makes the answer: ask again in a moment."""
        return self.status == PENDING

    @property
    def etag(self) -> str:
        """The version of what was answered, for `if_match`; "" without one."""
        return self.headers.get("etag", "")


class ApiRefusal(Exception):  # noqa: N818 (a word of the pages)
    """A refusal of the API that the page has not dealt with.

    Attributes:
        answer: with `code`, `message` and perhaps `errors` in its body.
    """

    def __init__(self, answer: ApiAnswer) -> None:
        super().__init__(answer.status)
        self.answer = answer

    @property
    def code(self) -> str:
        """The stable code of the error."""
        return str((self.answer.body or {}).get("code", "internal"))

    @property
    def message(self) -> str:
        """The explanation of the API."""
        return str((self.answer.body or {}).get("message", ""))


@dataclass(frozen=True)
class ApiDoor:
    """The door of one user to the API.

    Attributes:
        app: WSGI application of the API.
        caller: who calls: the signed-in user.
        address: of the browser, for limits.
    """

    app: WSGIApplication
    caller: Caller
    address: str = ""

    def get(
        self, path: str, *, expect: Collection[int] = NONE, **query: str | int | None
    ) -> ApiAnswer:
        """Ask; a parameter that is None or "" is left out, and a trailing _ of its name (`from_`).

        Args:
            path: percent-encoded by `api_path` where a part comes from outside.
            expect: statuses of refusals that the caller deals with.
            query: parameters.

        Raises:
            ApiRefusal: the API refuses, with another status.
        """
        told = {
            name.rstrip("_"): str(value) for name, value in query.items() if value not in {None, ""}
        }
        return self._call("GET", path, urlencode(told), None, "", expect)

    def post(
        self, path: str, body: object, *, why: str = "", expect: Collection[int] = NONE
    ) -> ApiAnswer:
        """Send a body by POST.

        Args:
            path: see `get`.
            body: that JSON can hold.
            why: reason for the audit, where the operation takes one.
            expect: see `get`.

        Raises:
            ApiRefusal: the API refuses.
        """
        return self._call("POST", path, _why(why), body, "", expect)

    def change(
        self,
        method: str,
        path: str,
        body: object,
        *,
        if_match: str = "",
        why: str = "",
        expect: Collection[int] = NONE,
    ) -> ApiAnswer:
        """Change something by PUT, PATCH or DELETE, if it still is what the user has seen.

        Args:
            method: of HTTP.
            path: see `get`.
            body: that JSON can hold; None for no body.
            if_match: ETag of what the user has seen.
            why: reason for the audit.
            expect: see `get`; 412 is "somebody else has changed it meanwhile".

        Raises:
            ApiRefusal: the API refuses.
        """
        return self._call(method, path, _why(why), body, if_match, expect)

    def _call(
        self,
        method: str,
        path: str,
        query: str,
        body: object,
        if_match: str,
        expect: Collection[int],
    ) -> ApiAnswer:
        content = b"" if body is None else orjson.dumps(body)
        environ = _environ(method, path, query, content, self.address)
        environ[CALLER] = self.caller
        if if_match:
            environ["HTTP_IF_MATCH"] = if_match
        answer = _run(self.app, environ)
        if answer.status >= REFUSED and answer.status not in expect:
            raise ApiRefusal(answer)
        return answer


def api_path(pattern: str, *parts: str) -> str:
    """Return a path with parts from outside encoded: `api_path("/v1/slots/{}", name)`."""
    return pattern.format(*(quote(part, safe="") for part in parts))


def _why(why: str) -> str:
    return urlencode({"why": why}) if why else ""


def _environ(method: str, path: str, query: str, content: bytes, address: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        # WSGI has paths as bytes in the form of latin-1 text.
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "CONTENT_TYPE": _JSON if content else "",
        "CONTENT_LENGTH": str(len(content)),
        "SERVER_NAME": "pages",
        "SERVER_PORT": "0",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": address,
        "HTTP_HOST": "pages",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(content),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


def _run(app: WSGIApplication, environ: dict[str, Any]) -> ApiAnswer:
    told: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, headers: list[tuple[str, str]], *_: object) -> Any:  # noqa: ANN401 (WSGI's own)
        told.append((status, headers))
        return lambda _data: None

    pieces = app(environ, start)
    try:
        content = b"".join(pieces)
    finally:
        if hasattr(pieces, "close"):
            pieces.close()
    status, headers = told[-1]
    return ApiAnswer(int(status[:3]), {k.lower(): v for k, v in headers}, content)

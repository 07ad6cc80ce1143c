"""Traffic with phone numbers in every field of every endpoint, and with errors on the way."""

from __future__ import annotations

import copy
import gzip
import http.client
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import Any, Final
from urllib.parse import quote, urlsplit

from e2e_service import ADMIN_KEY, PAGE_KEY, Service

Json = dict[str, Any]
Path = tuple[str | int, ...]
SLOT: Final = "searched"
FIRST: Final[dict[str, str]] = {
    "slot": "banner",
    "key": "banner",
    "decision_id": "a" * 26,
    "quarantine": "q-000000000000",
    "alarm": "0" * 16,
    "warning": "0-" + "0" * 18,
    "case": "0-" + "0" * 18,
    "cause": "0" * 18,
    "revision": "1",
    "user": "nobody",
    "segment": "stage.stable",
}
"""Values of paths that lead somewhere."""


def number_of(index: int) -> str:
    """A number of its own, of a range that no other test uses."""
    return f"199{30_000_000 + 7919 * index:08}"[:11]


@dataclass
class Numbers:
    """Numbers in turn, each written in another way."""

    most: int
    _next: count[int] = field(default_factory=count)

    used: int = 0

    def next(self) -> str:
        """The next number, eleven digits."""
        self.used += 1
        return number_of(next(self._next) % self.most)

    def spelled(self) -> Any:
        """The next number in the next spelling: text of several forms, an integer, a float."""
        self.used += 1
        at = next(self._next)
        one = number_of(at % self.most)
        return (
            one,
            f"+86{one}",
            int(one),
            f"pay-{one}-{at}",
            float(one),
            f"{one[:3]} {one[3:7]} {one[7:]}",
            f"86{one}",
            f"call{one}",
        )[at % 8]


def places(schema: Json, document: Json, at: Path = (), depth: int = 0) -> Iterator[Path]:
    """The place of every field of a schema, those in lists and alternatives too."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if depth > 8:
        return
    for kind in ("anyOf", "oneOf", "allOf"):
        for one in schema.get(kind, ()):
            yield from places(one, document, at, depth + 1)
    for name, inner in schema.get("properties", {}).items():
        yield (*at, name)
        yield from places(inner, document, (*at, name), depth + 1)
    if isinstance(schema.get("items"), dict):
        yield (*at, 0)
        yield from places(schema["items"], document, (*at, 0), depth + 1)
    if schema.get("additionalProperties"):
        yield (*at, "*")


def put(body: Any, at: Path, value: Any) -> Any:
    """A body with a value at a place; `*` is a field that is named after the value as well."""
    found = copy.deepcopy(body)
    here = found
    for step, after in pairwise(at):
        empty: Any = [] if isinstance(after, int) else {}
        if isinstance(here, list):
            if not here or not isinstance(here[0], type(empty)):
                here[:] = [empty]
            here = here[0]
        else:
            if not isinstance(here.get(step), type(empty)):
                here[step] = empty
            here = here[step]
    last = at[-1]
    if isinstance(here, list):
        here[:] = [value]
    elif last == "*":
        here[str(value)] = value
        here["city"] = value
    else:
        here[str(last)] = value
    return found


@dataclass
class Caller:
    """A client that sends anything and takes any answer but a 500.

    Attributes:
        answers: bodies of errors, which must not repeat a number.
        calls: sent so far.
        stride: of the many places of a slot's table, every such one is taken.
    """

    service: Service
    numbers: Numbers
    answers: list[bytes] = field(default_factory=list)
    calls: int = 0
    stride: int = 1

    def send(
        self, method: str, path: str, body: bytes | Json | None = None, **headers: str
    ) -> tuple[int, bytes]:
        """Send a request; return status and body."""
        at = urlsplit(self.service.url)
        client = http.client.HTTPConnection(str(at.hostname), at.port, timeout=60)
        raw = json.dumps(body).encode() if isinstance(body, dict) else body
        given = {"Authorization": f"Bearer {ADMIN_KEY}"}
        given |= {"Content-Type": "application/json"} if raw is not None else {}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        client.request(method, path, raw, given)
        answer = client.getresponse()
        data, status = answer.read(), answer.status
        client.close()
        self.calls += 1
        assert status != 500, (method, path, body, data)
        if status >= 400:
            self.answers.append(data)
        return status, data

    def walk(self) -> None:
        """Put a number into every place of every operation of the document."""
        document = json.loads(self.send("GET", "/openapi.json")[1])
        for path, operations in document["paths"].items():
            shared = operations.get("parameters", [])
            for method, one in operations.items():
                if method != "parameters":
                    self._parameters(method.upper(), path, [*shared, *one.get("parameters", [])])
                    self._bodies(method.upper(), path, one, document)

    def _parameters(self, method: str, path: str, all_of: Sequence[Json]) -> None:
        usual = path.format_map({**FIRST, "visitor_id": "someone", "job_id": "none"})
        for one in all_of:
            value = str(self.numbers.spelled())
            if one["in"] == "path":
                self.send(method, path.format_map({**_quoted(value)}))
            elif one["in"] == "query":
                base = {"PUT": {"title": "x"}}.get(method)
                self.send(method, f"{usual}?{one['name']}={quote(value)}", base)
            else:
                self.send(method, usual, {}, **{one["name"]: value.encode("ascii").decode()})
        unknown = str(self.numbers.spelled())
        self.send(method, f"{usual}?{quote(unknown)}={quote(unknown)}")
        self.send(method, usual, None, User_Agent=unknown, Origin=unknown, Referer=unknown)
        self.send(method, usual, None, Authorization=f"Bearer {unknown}", X_API_Key=unknown)

    def _bodies(self, method: str, path: str, operation: Json, document: Json) -> None:
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            return
        schema = content["application/json"]["schema"]
        usual = path.format_map({**FIRST, "slot": SLOT})
        for base in self.bases(method, path):
            every = [at for at in dict.fromkeys(places(schema, document)) if at[0] != "events"]
            for at in every[:: self.stride if method == "PUT" else 1]:
                self.send(method, usual, put(base, at, self.numbers.spelled()), If_Match="*")
        if self.stride == 1 or path == "/v1/decisions":
            self.broken(method, usual)

    def bases(self, method: str, path: str) -> list[Json]:
        """Bodies that are in order, to be spoilt at one place each."""
        page = {"channel": "wap", "page": "home", "slots": ["denomination", "banner"]}
        if path == "/v1/decisions":
            return [
                {**page, "visitor_id": "someone", "context": {"city": "x"}},
                {**page, "visitors": [{"visitor_id": "someone"}]},
            ]
        if path == "/v1/sms/timings":
            return [{"visitor_id": "someone"}, {"customers": [{"visitor_id": "someone"}]}]
        if path == "/v1/quarantines":
            hour = {"from": "2026-11-01T00:00:00+08:00", "to": "2026-11-01T01:00:00+08:00"}
            return [hour | {"why": "a test", "channel": "web"}, hour | {"why": "a test"}]
        if path.endswith("/evaluations"):
            return [{"target": "uniform"}]
        if method == "PUT":
            slot = json.loads(self.send("GET", "/v1/slots/banner")[1])
            del slot["serving"]
            return [slot | {"slot": SLOT}]
        flag = {"context": {"targetingKey": "someone", "city": "x"}}
        return [flag if path.startswith("/ofrep/") else {}]

    def broken(self, method: str, path: str) -> None:
        """Send bodies that are none: cut, of other types, badly compressed."""
        one = self.numbers.next().encode()
        for raw in (
            b'{"visitor_id": "' + one,
            b'{"a": ' + one + b"}}",
            one,
            b'["' + one + b'"]',
            b'{"' + one + b'": {"' + one + b'": [' + one + b"]}}",
            b'{"x": "\\ud83d' + one + b'\xff"}',
        ):
            self.send(method, path, raw)
        self.send(
            method, path, gzip.compress(b'{"x":"' + one + b'"}')[:-5], Content_Encoding="gzip"
        )
        self.send(method, path, b"{}", Content_Type=one.decode())
        self.send("PURGE", path, b'{"x":"' + one + b'"}')
        self.send("GET", "/" + one.decode())

    def events(self) -> None:
        """Put a number into every field of every type of event, from a server and from a page."""
        document = json.loads(self.send("GET", "/openapi.json")[1])
        asked = {"channel": "wap", "page": "home", "slots": ["banner"], "visitor_id": "of-events"}
        given = json.loads(self.send("POST", "/v1/decisions", asked)[1])
        decision = given["decisions"]["banner"]["decision_id"]
        classes = [n for n in document["components"]["schemas"] if n.endswith("Event")]
        batch: list[Json] = []
        for name in classes:
            schema = document["components"]["schemas"][name]
            kinds = schema["properties"].get("type", {}).get("enum", [])
            for kind in kinds:
                batch += self._events(kind, schema, decision)
        for key in (ADMIN_KEY, PAGE_KEY):
            for start in range(0, len(batch), 500):
                part = {"events": batch[start : start + 500]}
                status, data = self.send("POST", "/v1/events", part, Authorization=f"Bearer {key}")
                assert status == 202, data

    def _events(self, kind: str, schema: Json, decision: str) -> Iterator[Json]:
        usual: Json = {
            "type": kind,
            "visitor_id": "of-events",
            "amount": 50,
            "step": "number",
            "channel": "sms",
            "purpose": "reminder",
            "given": True,
            "group": "g",
            "reason": "r",
            "decision_id": decision,
            "refund_of": "order-1",
            "other_id": "of-events-too",
        }
        known = schema["properties"]
        base = {name: value for name, value in usual.items() if name in known}
        for name in (*known, "unknown"):
            one = self.numbers.spelled()
            event = {**base, "event_id": f"e-{kind}-{name}-{self.calls}-{id(one)}", name: one}
            yield event if name != "type" else event | {"type": str(one)}


def _quoted(value: str) -> dict[str, str]:
    names = ("slot", "decision_id", "job_id", "visitor_id", "key", "quarantine", "alarm", "warning")
    names = (*names, "segment", "case", "cause", "revision", "user")
    return dict.fromkeys(names, quote(value, safe=""))

"""Bodies at the edge: compressed ones, and text that is none."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass
from typing import Any

import pytest
from api_web import ASK, Web, bearer
from werkzeug.test import TestResponse

from nudge.domain.journal.records import Event


def clicked(event_id: str, **more: object) -> dict[str, object]:
    """An event of a page that is in order."""
    told = {"event_id": event_id, "type": "feedback", "visitor_id": "v-1", "score": 3}
    return told | more


def batch(*events: object) -> bytes:
    """The body of POST /v1/events."""
    return json.dumps({"events": events}).encode()


def send(web: Web, body: bytes, path: str = "/v1/events", **headers: str) -> TestResponse:
    """The answer to bytes as they are."""
    given = bearer(web.secrets["decide"]) | {k.replace("_", "-"): v for k, v in headers.items()}
    kind = given.pop("Content-Type", "application/json")
    return web.http.post(path, data=body, headers=given, content_type=kind)


def raw_deflate(body: bytes) -> bytes:
    """Deflate without zlib's frame, as some senders write it."""
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


def two_members(body: bytes) -> bytes:
    """Gzip in two members, filled up with zeros."""
    return gzip.compress(body[:7]) + gzip.compress(body[7:]) + b"\0" * 12


PACKED = [
    ("gzip", gzip.compress),
    ("x-gzip", gzip.compress),
    ("GZIP", two_members),
    ("deflate", zlib.compress),
    ("deflate", raw_deflate),
    ("identity", bytes),
]


@pytest.mark.parametrize(("word", "pack"), PACKED)
def test_f19_compressed_bodies_are_read(web: Web, word: str, pack: Any) -> None:
    """Gzip and deflate are inflated, for events and decisions alike."""
    answer = send(web, pack(batch(clicked("z-1"))), Content_Encoding=word)
    assert (answer.status_code, answer.json["accepted"]) == (202, 1)
    asked = send(web, pack(json.dumps(ASK).encode()), "/v1/decisions", Content_Encoding=word)
    assert asked.status_code == 200


def test_f19_a_beacon_need_not_say_that_it_is_compressed(web: Web) -> None:
    """`sendBeacon` sets no header: gzip is known by its first bytes, whatever the type."""
    path = f"/v1/events?key={web.secrets['decide']}"
    packed = gzip.compress(batch(clicked("z-1")))
    for kind in ("application/gzip", "text/plain;charset=UTF-8", ""):
        answer = web.http.post(path, data=packed, content_type=kind)
        assert answer.status_code == 202, kind


def test_f19_every_write_takes_compressed_bodies(web: Web) -> None:
    """PUT and PATCH of slots, and evaluations, read the same bodies."""
    key = bearer(web.secrets["admin"]) | {"Content-Encoding": "gzip", "If-Match": '"1"'}
    packed = gzip.compress(b'{"variants": {"coffee": {"enabled": false}}}')
    answer = web.http.patch(
        "/v1/slots/banner", data=packed, headers=key, content_type="application/json"
    )
    assert answer.status_code in {200, 412}
    key = bearer(web.secrets["read"]) | {"Content-Encoding": "gzip"}
    answer = web.http.post(
        "/v1/slots/banner/evaluations",
        data=gzip.compress(b'{"target": "uniform"}'),
        headers=key,
        content_type="application/json",
    )
    assert answer.status_code in {200, 202}


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, raw_deflate])
@pytest.mark.parametrize("size", [300_000, 900_000, 30_000_000])
def test_f19_a_bomb_is_refused(web: Web, pack: Any, size: int) -> None:
    """A body that becomes more than ten times its size, or more than the limit, is a 413."""
    bomb = pack(b'{"events": [' + b" " * size + b"]}")
    word = "gzip" if bomb[:2] == b"\x1f\x8b" else "deflate"
    answer = send(web, bomb, Content_Encoding=word)
    assert (answer.status_code, answer.json["code"]) == (413, "too_large")


def test_f19_the_limit_of_plain_bodies_holds_for_compressed_ones(web: Web) -> None:
    """A body above the limit is too large however little it takes when it is compressed."""
    most = web.service.settings.max_body
    noise = "".join(chr(33 + (i * i * 7919 + i // 3) % 90) for i in range(most))
    body = json.dumps(ASK | {"context": {"x": noise}}).encode()
    answer = send(web, gzip.compress(body), "/v1/decisions", Content_Encoding="gzip")
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "sent",
    [gzip.compress(batch(clicked("z")))[:-9], b"\x1f\x8b", b"\x1f\x8bnonsense of a member", b""],
    ids=["cut", "head", "nonsense", "empty"],
)
def test_f19_what_is_broken_is_told(web: Web, sent: bytes) -> None:
    """A body that is cut short or no gzip is a 400 that says so."""
    answer = send(web, sent, Content_Encoding="gzip")
    assert (answer.status_code, answer.json["code"]) == (400, "bad_compression")


@pytest.mark.parametrize("word", ["br", "zstd", "gzip, gzip", "compress", "nonsense"])
def test_f19_an_unknown_encoding_is_refused(web: Web, word: str) -> None:
    """An unknown compression is a 415 that names the known ones."""
    answer = send(web, batch(clicked("z")), Content_Encoding=word)
    assert answer.status_code == 415
    assert "gzip or deflate" in answer.json["message"]


def test_f19_many_tiny_members_cost_no_more_than_their_bytes(web: Web) -> None:
    """Two hundred thousand empty members are read like any body of their size."""
    empty = gzip.compress(b"")
    answer = send(
        web, empty * 100_000 + gzip.compress(batch(clicked("z"))), Content_Encoding="gzip"
    )
    assert answer.status_code == 202


BROKEN = [
    rb'"half an emoji \ud83d"',
    rb'"\ude00 the other half"',
    b'"not utf-8: \xff\xfe"',
    b'"a surrogate in bytes: \xed\xa0\xbd"',
]


@pytest.mark.parametrize("text", BROKEN)
def test_f11_a_bad_text_costs_nobody_beside_it(web: Web, text: bytes) -> None:
    """Half an emoji in one event's text leaves the batch as it is; U+FFFD stands in its place."""
    good = json.dumps(clicked("good")).encode()
    bad = json.dumps(clicked("bad", text="TEXT")).encode().replace(b'"TEXT"', text)
    answer = send(web, b'{"events": [%s, %s]}' % (good, bad))
    assert answer.status_code == 202, answer.text
    assert answer.json["accepted"] == 2
    shown = web.get("/v1/visitors/v-1", "admin").json["texts"]["bad"]
    assert "\ufffd" in shown


def test_f11_whole_pairs_and_backslashes_stay(web: Web) -> None:
    """Beside a bad text, an emoji and a written backslash stay what they are."""
    bad = json.dumps(clicked("bad", text="TEXT")).encode()
    bad = bad.replace(b'"TEXT"', rb'"\ud83d\ude00 \\ud83d \ud83d"')
    assert send(web, b'{"events": [%s]}' % bad).json["accepted"] == 1
    shown = web.get("/v1/visitors/v-1", "admin").json["texts"]["bad"]
    assert shown == "\U0001f600 \\ud83d \ufffd"


def test_f11_a_page_with_a_bad_text_gets_its_answer(web: Web) -> None:
    """A decision and a change of a slot read text that is none as U+FFFD."""
    body = json.dumps(ASK | {"context": {"city": "TEXT"}}).encode()
    asked = send(web, body.replace(b"TEXT", rb"\ud83d"), "/v1/decisions")
    assert asked.status_code == 200


@pytest.mark.parametrize("text", [b'{"events": [', b"\xff\xfe", b'{"events": [NaN]}', rb"\ud83d"])
def test_f11_what_is_no_json_is_still_refused(web: Web, text: bytes) -> None:
    """The careful way reads no more than JSON."""
    answer = send(web, text)
    assert (answer.status_code, answer.json["code"]) == (400, "bad_json")


def test_f11_a_query_that_is_not_utf8_is_no_failure(web: Web) -> None:
    """Bytes that are no text in a query are an ordinary mistake of the caller."""
    assert web.get("/v1/slots/banner/performance?by=%ff%fe").status_code == 422
    assert web.http.get("/v1/pixel?d=%ff&key=%ed%a0%bd").status_code == 401


def test_f11_texts_of_events_stay_out_of_the_journal(web: Web) -> None:
    """A mended text is as private as any: the journal only knows that there is one."""
    bad = json.dumps(clicked("bad", text="TEXT")).encode().replace(b"TEXT", rb"\ud83d secret")
    send(web, b'{"events": [%s]}' % bad)
    (kept,) = web.events()
    assert isinstance(kept, Event)
    assert kept.fields["has_text"]
    assert "text" not in kept.fields


def stream(web: Web, body: bytes, **headers: str) -> TestResponse:
    """The answer to a stream of lines of the SMS scheduler."""
    given = bearer(web.secrets["schedule"]) | {k.replace("_", "-"): v for k, v in headers.items()}
    return web.http.post(
        "/v1/sms/timings", data=body, headers=given, content_type="application/x-ndjson"
    )


@pytest.mark.parametrize(("word", "pack"), PACKED)
def test_f19_a_stream_of_lines_may_be_compressed(web: Web, word: str, pack: Any) -> None:
    """A compressed stream is inflated as it is read, and gets one answer a line."""
    lines = b"".join(b'{"visitor_id": "v-%d"}\n' % i for i in range(50))
    answer = stream(web, pack(lines), Content_Encoding=word)
    told = [json.loads(line)["visitor_id"] for line in answer.data.splitlines()]
    assert told == [f"v-{i}" for i in range(50)]


def test_f19_a_stream_may_be_a_bomb_or_broken(web: Web) -> None:
    """A stream that is no stream is refused before its first answer, and read no further."""
    bomb = gzip.compress(b" " * 30_000_000)
    assert stream(web, bomb, Content_Encoding="gzip").status_code == 413
    cut = gzip.compress(b'{"visitor_id": "v"}')[:-3]
    assert stream(web, cut, Content_Encoding="gzip").status_code == 400
    assert stream(web, b"", Content_Encoding="br").status_code == 415


def test_f11_a_bad_text_in_a_line_costs_no_other(web: Web) -> None:
    """Half an emoji in a purpose or an attribute is read as U+FFFD."""
    bad = rb'{"visitor_id": "v-2", "context": {"city": "\ud83d"}}'
    answer = stream(web, b'{"visitor_id": "v-1"}\n' + bad + b'\n{"visitor_id": "v-3"}')
    told = [json.loads(line) for line in answer.data.splitlines()]
    assert [one["visitor_id"] for one in told] == ["v-1", "v-2", "v-3"]
    assert all("code" not in one for one in told)


@dataclass
class Chunks:
    """A body in chunks as a server gives it, of which one may be broken."""

    left: bytes
    broken: bool

    def read(self, size: int) -> bytes:
        """The next bytes; the server's own error at the end of a body that is broken."""
        found, self.left = self.left[:size], self.left[size:]
        if self.broken and not found:
            raise NotImplementedError("a chunk's size is none")
        return found


def chunked(
    web: Web, path: str, body: bytes, *, broken: bool = False, kind: str = "application/json"
) -> TestResponse:
    """The answer to a body without a length."""
    environ = {"wsgi.input": Chunks(body, broken), "wsgi.input_terminated": True}
    headers = bearer(web.service.settings.admin_key)
    return web.http.post(path, headers=headers, content_type=kind, environ_overrides=environ)


def test_s13_a_body_in_chunks_is_never_cut(web: Web) -> None:
    """Beyond the limit it is a 413, however it comes; up to the limit it is read whole."""
    settings = web.service.settings
    event = json.dumps({"events": [clicked("z")]}).encode()
    for path, most, body in (
        ("/v1/decisions", settings.max_body, json.dumps(ASK).encode()),
        ("/v1/events", settings.max_events_body, event),
        ("/v1/sms/timings", settings.max_events_body, b'{"visitor_id": "v"}'),
    ):
        whole = chunked(web, path, body.ljust(most))
        assert whole.status_code in {200, 202}, whole.text
        # What was cut would be in order: only blanks are behind the limit.
        over = chunked(web, path, body.ljust(most + 1))
        assert (over.status_code, over.json["code"]) == (413, "too_large"), path


@pytest.mark.parametrize("kind", ["application/json", "application/x-ndjson"])
def test_s13_a_broken_chunk_is_the_sender_s(web: Web, kind: str) -> None:
    """It is a 400 in the one form, for a body and for a stream, and no failure of ours."""
    answer = chunked(web, "/v1/sms/timings", b'{"visitor_id": "v"}', broken=True, kind=kind)
    assert (answer.status_code, answer.json["code"]) == (400, "broken_body")

"""The reader of requests: the same bytes give the same requests, however they are cut."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nudge.server.http_parser import PARSER, PythonParser
from nudge.server.limits import Limits
from nudge.server.refusal import RefusedError
from nudge.server.request import Request, environ_of
from nudge.server.request_reader import PIECE, RequestReader

LIMITS = Limits(body_bytes=1000)
BODIES = st.binary(max_size=300)


def plain(target: bytes, body: bytes) -> bytes:
    return b"POST /%b HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (
        target,
        len(body),
        body,
    )


def chunked(target: bytes, body: bytes) -> bytes:
    head = b"POST /%b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" % target
    chunks = [body[at : at + 7] for at in range(0, len(body), 7)]
    return head + b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in chunks) + b"0\r\n\r\n"


def old(target: bytes, _body: bytes) -> bytes:
    return b"GET /%b HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" % target


def read(pieces: list[bytes], limits: Limits = LIMITS) -> list[Request]:
    """The requests of a connection that gets these bytes; what is read ahead waits its turn."""
    reader, found = RequestReader(limits), []
    for piece in pieces:
        rest = piece
        while rest:
            data, rest = rest[:PIECE], rest[PIECE:]
            reader.feed(data)
            while reader.complete:
                found.append(reader.request())
                reader.advance()
    return found


@pytest.fixture(autouse=True, params=["native", "python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each rule holds for the parser in C and for the one in Python, which serves without it."""
    if request.param == "python":
        monkeypatch.setattr("nudge.server.request_reader.PARSER", PythonParser)
    elif PARSER is PythonParser:
        pytest.skip("the parser in C is not built here")


def refusal(raw: bytes, limits: Limits = LIMITS) -> int:
    """The status by which these bytes are refused."""
    with pytest.raises(RefusedError) as caught:
        read([raw], limits)
    return caught.value.status


REQUESTS = st.lists(
    st.builds(
        lambda form, target, body: (form, target, b"" if form is old else body),
        st.sampled_from((plain, chunked, old)),
        st.sampled_from((b"", b"a", b"a/b?c=%20")),
        BODIES,
    ),
    min_size=1,
    max_size=4,
)


@pytest.mark.parametrize(
    "examples", [60, pytest.param(10_000, marks=pytest.mark.soak)], ids=["short", "soak"]
)
def test_s01_any_cut_of_the_bytes_gives_the_same_requests(examples: int) -> None:
    """Requests that follow one another are read alike in one piece, in any pieces, byte by byte."""

    @settings(max_examples=examples, deadline=None)
    @given(REQUESTS, st.lists(st.integers(0, 2000), max_size=8))
    def agree(sent: list[tuple[object, bytes, bytes]], cuts: list[int]) -> None:
        raw = b"".join(form(target, body) for form, target, body in sent)
        places = [0, *sorted(cut % (len(raw) + 1) for cut in cuts), len(raw)]
        pieces = [raw[a:b] for a, b in pairwise(places)]
        found = read(pieces)
        assert [(one.target, one.body) for one in found] == [(b"/" + t, b) for _, t, b in sent]
        assert found == read([raw])
        assert found == read([raw[at : at + 1] for at in range(len(raw))])

    agree()


HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        HEAD + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        HEAD + b"Content-Length: 3, 3\r\n\r\nabc",
        HEAD + b"Content-Length: +3\r\n\r\nabc",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: 0x3\r\n\r\nabc",
        HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n",
        HEAD + b"Content-Length : 3\r\n\r\nabc",
        HEAD + b"Transfer-Encoding: xchunked\r\n\r\n",
        HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n",
        HEAD + b"Transfer-Encoding: identity\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcX0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 20 + b"\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 9\r\n\r\n",
        HEAD + b"X: a\r\n b\r\n\r\n",
        HEAD + b"X: a\x00b\r\n\r\n",
        HEAD + b"X: a\rb\r\n\r\n",
        HEAD + b"X\x00: a\r\n\r\n",
        HEAD + b": a\r\n\r\n",
        HEAD + b"X y: a\r\n\r\n",
        HEAD + b"Host: y\r\n\r\n",
        b"GET / HTTP/1.1\nHost: x\n\n",
        b"GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n",
        b"GET / HTTP/2.0\r\nHost: x\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET\r\n\r\n",
        b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
)
def test_s01_what_two_servers_could_read_differently_is_refused(raw: bytes) -> None:
    """Shapes of request smuggling are 400, whether they come at once or byte by byte."""
    assert refusal(raw) == 400
    with pytest.raises(RefusedError, match=r"no valid HTTP|Transfer-Encoding"):
        read([raw[at : at + 1] for at in range(len(raw))])


def test_s01_lines_and_heads_are_bounded() -> None:
    """A request line is 414 beyond its limit; long fields, many, or many bytes are 431."""
    limits = replace(LIMITS, line=100, field=200, fields=10, heads=500)
    assert refusal(b"GET /" + b"a" * 200, limits) == 414
    assert refusal(HEAD + b"X: " + b"a" * 300, limits) == 431
    assert refusal(HEAD + b"X: a\r\n" * 20, limits) == 431
    assert refusal(HEAD + (b"X: " + b"a" * 150 + b"\r\n") * 5 + b"\r\n", limits) == 431
    assert refusal(HEAD + b"Expect: wonders\r\n\r\n", limits) == 417
    endless = Limits(fields=100_000)
    assert refusal(HEAD + b"X: aaaaaaaa\r\n" * 10_000, endless) == 431


@pytest.mark.parametrize("form", [plain, chunked])
def test_s01_of_a_body_that_is_too_long_no_more_is_kept(form: object) -> None:
    """The application gets the head, with a length at which it says 413; the connection ends."""
    reader = RequestReader(LIMITS)
    raw = form(b"", b"x" * 5000)
    reader.feed(raw[:2000])
    assert reader.oversize
    assert not reader.complete
    request = reader.request()
    assert not request.keeps
    assert int(environ_of(request, {}, ("::1", 1))["CONTENT_LENGTH"]) > 1000
    assert reader.held <= PIECE


def test_the_environment_is_as_wsgi_has_it() -> None:
    """Paths are decoded, headers repeated are joined, names with _ are left out."""
    raw = (
        b"GET /a%20b/%E4%B8%AD?x=%20 HTTP/1.1\r\nHost: x\r\nX-A: 1\r\nx-a: 2\r\nX_A: 3\r\n"
        b"Content-Type: text/plain\r\n\r\n"
    )
    environ = environ_of(read([raw])[0], {"SCRIPT_NAME": ""}, ("10.1.2.3", 99))
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/a b/中"
    assert environ["QUERY_STRING"] == "x=%20"
    assert environ["HTTP_X_A"] == "1,2"
    assert environ["CONTENT_TYPE"] == "text/plain"
    assert (environ["REMOTE_ADDR"], environ["REMOTE_PORT"]) == ("10.1.2.3", "99")
    assert environ["SERVER_PROTOCOL"] == "HTTP/1.1"
    proxied = read([b"GET http://h/p?q HTTP/1.1\r\nHost: h\r\n\r\n"])[0]
    assert environ_of(proxied, {}, "")["PATH_INFO"] == "/p"

"""Slow, silent and hostile clients of the shipped web server: they wait, and hold nobody up."""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import socket
import time
from pathlib import Path

import pytest
from child_processes import eventually
from standin_web import Web, running_web

POST = b"POST /echo HTTP/1.1\r\nHost: x\r\n"
GET = b"GET /small HTTP/1.1\r\nHost: x\r\n\r\n"
ECHO = POST + b"Content-Length: 5\r\n\r\nhello"


def connect(web: Web, said: bytes = b"") -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", web.port), timeout=20)
    sock.sendall(said)
    return sock


def until_end(sock: socket.socket) -> bytes:
    """The bytes that come until the server closes the connection."""
    found = b""
    with sock:
        while data := sock.recv(65_536):
            found += data
    return found


def answer(sock: socket.socket, *, bodiless: bool = False) -> tuple[int, bytes]:
    """The next answer of a connection; nothing is read ahead."""
    with sock.makefile("rb", buffering=0) as file:
        status = int(file.readline().split()[1])
        headers = http.client.parse_headers(file)
        left = 0 if bodiless else int(headers["Content-Length"])
        body = bytearray()
        while len(body) < left:
            body += file.read(left - len(body)) or b"(cut)" * left
        return status, bytes(body)


def ask(web: Web, said: bytes = GET) -> tuple[int, bytes]:
    with connect(web, said) as sock:
        return answer(sock)


def test_s01_slow_clients_hold_nobody_up_and_are_told_408(web: Web) -> None:
    """Beside 200 slow clients of five kinds a request is answered; who was late is told so."""
    late = [b"", POST, POST + b"X: drip", POST + b"Content-Length: 900000\r\n\r\n{"]
    late.append(POST + b"Transfer-Encoding: chunked\r\n\r\n400\r\n{")
    slow = [connect(web, said) for said in late for _ in range(24)]
    idle = [connect(web, GET) for _ in range(40)]
    unread = [connect(web, b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n" * 20) for _ in range(40)]
    with socket.create_connection(("127.0.0.1", web.port), timeout=5) as beside:
        beside.sendall(ECHO)
        assert answer(beside) == (200, b"hello")
    for sock in slow:
        head, _, body = until_end(sock).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 408 ")
        assert b"Connection: close" in head
        assert json.loads(body)["code"] == "request_timeout"
    for sock in idle:
        assert answer(sock) == (200, b"/small")
        sock.sendall(ECHO)
        assert answer(sock) == (200, b"hello")
    for sock in (*idle, *unread):
        sock.close()


def test_s01_a_head_that_drips_is_late_although_it_never_rests(web: Web) -> None:
    """A byte now and then prolongs no time for headers, nor that of a further request."""
    with connect(web, GET) as sock:
        assert answer(sock)[0] == 200
        for byte in GET[:-1]:
            try:
                sock.sendall(bytes([byte]))
            except OSError:
                break
            time.sleep(0.06)
        assert b" 408 " in until_end(sock)


def test_s01_for_a_new_connection_the_oldest_that_waits_is_closed(web: Web) -> None:
    """Of more connections than may be, those that waited longest go; a new one is answered."""
    waiting = [connect(web) for _ in range(400)]
    assert ask(web)[0] == 200
    newest = waiting[-1]
    newest.sendall(ECHO)
    assert answer(newest) == (200, b"hello")
    assert waiting[0].recv(100) == b""
    for sock in waiting:
        sock.close()


def test_s01_who_reads_nothing_is_answered_no_more(web: Web) -> None:
    """Further requests of a client that does not read wait; of one that reads, all are answered."""
    with connect(web, b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n" * 30 + GET) as sock:
        time.sleep(0.2)
        for _ in range(30):
            assert answer(sock) == (200, b"x" * 1_000_000)
        assert answer(sock) == (200, b"/small")


def test_s01_requests_sent_at_once_are_answered_in_order(web: Web) -> None:
    """Pipelined requests, chunked ones among them, have their answers in the order of sending."""
    chunked = POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
    with connect(web, (GET + ECHO + chunked) * 20) as sock:
        for _ in range(20):
            assert [answer(sock)[1] for _ in range(3)] == [b"/small", b"hello", b"hello"]


def test_s01_versions_methods_and_expectations(web: Web) -> None:
    """HTTP/1.0 closes, HEAD has no body, 100 Continue comes before a body is sent."""
    old = until_end(connect(web, b"GET /a HTTP/1.0\r\n\r\n"))
    assert old.endswith(b"Connection: close\r\n\r\n/a")
    with connect(web, b"HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n" + GET) as sock:
        assert answer(sock, bodiless=True) == (200, b"")
        assert answer(sock) == (200, b"/small")
    with connect(web, POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n") as sock:
        assert sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"hi")
        assert answer(sock) == (200, b"hi")


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (POST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
        (b"GET /" + b"a" * 9000, 414),
        (POST + b"X: " + b"a" * 9000, 431),
    ],
)
def test_s01_refusals_have_the_form_of_all_errors(web: Web, said: bytes, status: int) -> None:
    """A refusal of the server itself is JSON with code and message; the connection ends."""
    head, _, body = until_end(connect(web, said)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert set(json.loads(body)) == {"code", "message"}


def test_s01_a_body_beyond_the_largest_is_not_read(web: Web) -> None:
    """The application answers its head; the client may read that although it still sends."""
    with connect(web, POST + b"Content-Length: 900000000\r\n\r\n") as sock:
        sock.sendall(b"x" * 100_000)
        assert answer(sock)[0] == 200
    assert ask(web, POST + b"Content-Length: 1900000\r\n\r\n" + b"x" * 1_900_000)[0] == 200


def test_s01_a_stream_is_answered_while_it_comes_and_outlives_the_deadlines(web: Web) -> None:
    """Lines are answered one by one for longer than a body may take; the end ends the answer."""
    head = b"POST /v1/sms/timings HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
    with connect(web, head + b"Transfer-Encoding: chunked\r\n\r\n") as sock:
        found = b""
        for number in range(6):
            line = b"line %d\n" % number
            sock.sendall(b"%x\r\n%b\r\n" % (len(line), line))
            while line not in found:
                found += sock.recv(4096)
            time.sleep(0.35)
        sock.sendall(b"0\r\n\r\n")
        assert (found + until_end(sock)).endswith(b"\r\n0\r\n\r\n")


def test_s01_streams_are_bounded_and_make_room_when_their_clients_go(web: Web) -> None:
    """Of eight streams and one more, that one is told to come again; nobody else waits for them."""
    head = b"POST /v1/sms/timings HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
    head += b"Transfer-Encoding: chunked\r\n\r\n"
    streams = [connect(web, head) for _ in range(8)]
    assert eventually(lambda: ask(web, head)[0] == 503)
    assert ask(web) == (200, b"/small")
    for sock in streams:
        sock.close()
    assert eventually(lambda: _streams(web, head))


def _streams(web: Web, head: bytes) -> bool:
    found = b""
    with connect(web, head) as sock, contextlib.suppress(OSError):
        sock.sendall(b"2\r\n!\n\r\n")
        while b"!\n" not in found and (data := sock.recv(1000)):
            found += data
    return b"!\n" in found


def test_s01_a_stop_answers_what_has_begun() -> None:
    """After SIGTERM a request in flight and one that is half sent are answered, and that is all."""
    with running_web() as web:
        half, idle = connect(web, ECHO[:-2]), connect(web, GET)
        assert answer(idle)[0] == 200
        flying = connect(web, b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.2)
        web.process.send_signal(signal.SIGTERM)
        time.sleep(0.1)
        half.sendall(ECHO[-2:])
        assert answer(half) == (200, b"hello")
        assert answer(flying) == (200, b"/slow")
        assert idle.recv(1) == b""
        assert web.process.wait(15) == 0


def test_the_limit_of_open_files_is_raised(web: Web) -> None:
    """A worker may open as many files as it may have connections, where the machine lets it."""
    children = Path(f"/proc/{web.process.pid}/task/{web.process.pid}/children").read_text().split()
    limits = Path(f"/proc/{children[0]}/limits").read_text()
    soft = next(
        line.split()[3] for line in limits.splitlines() if line.startswith("Max open files")
    )
    assert soft == "unlimited" or int(soft) >= 300

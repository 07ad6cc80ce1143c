"""Limits of the web server: what a client may take of time, memory and connections."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """The limits of one web process; durations in seconds, sizes in bytes.

    Attributes:
        head: from the connection, or the first byte of a further request, to the end of its head.
        body: from the end of the head to the end of the body.
        idle: how long a connection may wait for its next request.
        answer: how long a client may take for an answer, besides what its size allows.
        answer_rate: bytes a second that a client must take, at least.
        stream: method, path and Content-Type of requests that are answered while they come.
        silence: longest silence of a client that sends a stream, or takes its answer.
        line: longest request line.
        fields: most header fields.
        field: longest header field.
        heads: longest head of a request.
        body_bytes: longest body that is kept for the application; of a longer one it gets the head.
        held_bytes: most bytes of all requests and answers that wait in memory.
        connections: most connections; the oldest that waits is closed for a new one.
        streams: most streams at a time.
    """

    head: float = 5.0
    body: float = 10.0
    idle: float = 30.0
    answer: float = 10.0
    answer_rate: float = 8192.0
    stream: tuple[bytes, bytes, bytes] = (b"POST", b"/v1/sms/timings", b"application/x-ndjson")
    silence: float = 60.0
    line: int = 8190
    fields: int = 100
    field: int = 8190
    heads: int = 32_768
    body_bytes: int = 4 * 1024 * 1024
    held_bytes: int = 64 * 1024 * 1024
    connections: int = 8192
    streams: int = 8

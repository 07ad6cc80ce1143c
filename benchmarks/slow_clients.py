"""The cost of 2,000 slow clients to the others: a call's p50 and p99 before them and beside them.

Five kinds of slow clients, a fifth of the connections each, come again whenever they are closed:
silent ones; headers byte by byte; bodies that are promised and do not come, or byte by byte in
chunks; connections that wait after a request; clients that send many requests and read no answer.
Beside them, decisions on three slots are asked for at a steady rate, each by its own connection.

Baseline `alone`: the same calls without slow clients. The exit code is 1 where a call failed, or
p99 beside them is more than twice what it was and more than 20 ms.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Final

from benchmarks.options import option_parser

BASELINE: Final = "alone (baseline)"
ROOT: Final = Path(__file__).parents[1]
KEY: Final = "benchmark-key-of-slow-clients-0123456789"
QUESTION: Final = {"channel": "web", "page": "home", "slots": ["denomination", "prefill", "banner"]}
GUNICORN: Final = ("gunicorn", "-c", "config/gunicorn.conf.py")
PATIENCE: Final = 5.0
"""Seconds that a call may take."""
ALWAYS_GOOD: Final = 0.020
"""Seconds: p99 below it needs no comparison."""
DRIP: Final = 0.5
"""Seconds between two bytes."""
POST: Final = b"POST /v1/decisions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
UNREAD: Final = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 200
Ask = Callable[[int], bytes]


class Health:
    """An application for the small form, which waits for no store."""

    def __init__(self) -> None:
        self.extensions = {"nudge": SimpleNamespace(start=bool)}

    def __call__(self, _environ: object, start: Callable[..., object]) -> list[bytes]:
        """Say that all is well."""
        start("200 OK", [("Content-Type", "text/plain")])
        return [b"ok"]


async def drip(writer: asyncio.StreamWriter, data: bytes) -> None:
    """Send byte by byte."""
    with contextlib.suppress(OSError):
        for at in range(len(data)):
            writer.write(data[at : at + 1])
            await writer.drain()
            await asyncio.sleep(DRIP)


async def slow_client(kind: int, port: int, seen: Counter[str]) -> None:
    """One slow client, which comes again whenever it is closed."""
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        except OSError:
            seen["refused"] += 1
            await asyncio.sleep(1)
            continue
        seen["connections"] += 1
        try:
            await behave(kind, writer, reader, seen)
        except OSError:
            seen["cut off"] += 1
        finally:
            writer.transport.abort()


async def behave(
    kind: int, writer: asyncio.StreamWriter, reader: asyncio.StreamReader, seen: Counter[str]
) -> None:
    """Be slow in one of the ways until the server has closed the connection."""
    if kind == 4:  # noqa: PLR2004 - of five kinds
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(UNREAD)
        await asyncio.sleep(3600)
    say = {
        0: b"",
        1: b"",
        2: POST + b"Content-Length: 900000\r\n\r\n{",
        3: b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        5: POST + b"Transfer-Encoding: chunked\r\n\r\n400\r\n{",
    }[kind]
    writer.write(say)
    task = None
    if kind in (1, 5):
        task = asyncio.create_task(drip(writer, POST if kind == 1 else b" " * 1000))
    answer = b""
    while data := await reader.read(1024):
        answer = answer + data if len(answer) < 100_000 else data  # noqa: PLR2004 - enough
    seen["told 408" if b" 408 " in answer else "closed"] += 1
    if task is not None:
        task.cancel()
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await task


def be_slow(port: int, connections: int, seconds: float) -> None:
    """The slow clients, in a process of their own."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, connections + 1000)), hard))
    seen: Counter[str] = Counter()

    async def all_of_them() -> None:
        kinds = (0, 1, 2, 3, 4, 0, 1, 5, 3, 4)
        clients = [slow_client(kinds[i % 10], port, seen) for i in range(connections)]
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.gather(*clients), seconds)

    asyncio.run(all_of_them())
    print(
        "slow clients:", ", ".join(f"{name} {n:,}" for name, n in sorted(seen.items())), flush=True
    )


def question(number: int) -> bytes:
    """A decision on three slots for one of 500 visitors."""
    body = json.dumps(QUESTION | {"visitor_id": f"slow-{number % 500}"}).encode()
    head = POST + f"Authorization: Bearer {KEY}\r\nContent-Length: {len(body)}\r\n".encode()
    return head + b"Connection: close\r\n\r\n" + body


def health(_number: int) -> bytes:
    """Whether the web is there, which asks no store."""
    return b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


async def call(port: int, request: bytes) -> float:
    """Ask once; return seconds, or infinity where there was no good answer."""
    began = time.perf_counter()
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            answer = await reader.read(-1)
            writer.close()
    except (OSError, TimeoutError):
        return float("inf")
    return time.perf_counter() - began if answer.startswith(b"HTTP/1.1 200 ") else float("inf")


async def calls(port: int, ask: Ask, rate: float, seconds: float) -> list[float]:
    """Ask at a steady rate, whatever becomes of the calls before."""
    began, asked = time.perf_counter(), []
    for i in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, began + i / rate - time.perf_counter()))
        asked.append(asyncio.create_task(call(port, ask(i))))
    return sorted(await asyncio.gather(*asked))


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextlib.contextmanager
def served(*command: str, workers: str) -> Iterator[int]:
    """A running service, and its port."""
    port, path = free_port(), "/readyz" if command[0] == "nudge" else "/healthz"
    with tempfile.TemporaryDirectory(prefix="nudge-") as name:
        environ = {n: v for n, v in os.environ.items() if not n.startswith("NUDGE_")} | {
            "NUDGE_DATA_DIR": f"{name}/data",
            "NUDGE_CONFIG_DIR": str(ROOT / "config"),
            "NUDGE_BIND": f"127.0.0.1:{port}",
            "NUDGE_ADMIN_KEY": KEY,
            "NUDGE_WEB_WORKERS": workers,
        }
        with Path(f"{name}/log").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - our own
                [sys.executable, "-m", *command], cwd=ROOT, env=environ, stdout=log, stderr=log
            )
            try:
                await_ready(port, path)
                yield port
            finally:
                process.terminate()
                process.wait(60)


def await_ready(port: int, path: str) -> None:
    """Wait until the service answers."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5),
        ):
            return
        time.sleep(0.1)
    raise TimeoutError("the service does not answer")


def main(arguments: Sequence[str]) -> int:
    """Print the table."""
    parser = option_parser("slow_clients", __doc__)
    parser.add_argument("--connections", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=60.0, help="beside slow clients")
    parser.add_argument("--rate", type=float, default=50.0, help="calls a second")
    parser.add_argument("--gunicorn", action="store_true", help="/healthz of gunicorn, no store")
    options = parser.parse_args(arguments)
    connections, seconds = (60, 1.0) if options.small else (options.connections, options.seconds)
    bare = options.small or options.gunicorn
    ask = health if bare else question
    app = "benchmarks.slow_clients:Health()" if options.small else "wsgi:app"
    command = (*GUNICORN, app) if bare else ("nudge", "serve")
    with served(*command, workers="1" if options.small else "2") as port:
        asyncio.run(calls(port, ask, options.rate, min(seconds, 5)))
        alone = asyncio.run(calls(port, ask, options.rate, min(seconds, 20)))
        settle = 0.2 if options.small else 3.0
        begin = Thread if options.small else multiprocessing.get_context("spawn").Process
        slow = begin(target=be_slow, args=(port, connections, seconds + settle + 1))
        slow.start()
        time.sleep(settle)
        beside = asyncio.run(calls(port, ask, options.rate, seconds))
        slow.join()
    print(f"{'':36}{'calls':>8}{'failed':>8}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}")
    for label, found in ((BASELINE, alone), (f"beside {connections:,} slow clients", beside)):
        failed = sum(one == float("inf") for one in found)
        told = (found[len(found) // 2], found[int(len(found) * 0.99)], found[-1])
        times = "".join(f"{seconds * 1e3:>9.1f}" for seconds in told)
        print(f"{label:36}{len(found):>8,}{failed:>8}{times}")
    good = beside[-1] < float("inf")
    p99s = [found[int(len(found) * 0.99)] for found in (alone, beside)]
    return int(not (good and p99s[1] <= max(2 * p99s[0], ALWAYS_GOOD)))

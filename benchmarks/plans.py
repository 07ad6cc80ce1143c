"""Plans of a million customers: a file through `nudge plan`, and a stream over HTTP.

A real service runs beside it: store, web and the folds, which take every plan in meanwhile. The
customers' states are written into the store as `attribute` would have left them, since loading them
is not what is measured. The baseline is one call for each customer.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from threading import Event, Thread
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.options import option_parser
from nudge.domain.contact.contact import Consent
from nudge.domain.identity.sealing import Sealer
from nudge.domain.people.person import KnownFact
from nudge.domain.people.visitor import VisitorState
from nudge.domain.people.visitor_codec import encode_state
from nudge.settings.settings import Settings
from nudge.settings.settings import load as load_settings
from nudge.store.store import Store
from nudge.store.vault.visitor_finder import VisitorFinder
from nudge.wiring.stores import patient_store

BASELINE: Final = "one by one"
CUSTOMERS: Final = 1_000_000
LINES: Final = 100_000
SINGLY: Final = 300
SMALL: Final = (300, 100)
"""Customers and lines of the small form."""
KEY: Final = "benchmark-key-of-plans-0123456789"
AT_ONCE: Final = 1000


@dataclass(frozen=True)
class Site:
    """A service that runs.

    Attributes:
        url: of its web.
        port: of its web.
        settings: of it.
        store: of it.
        environment: variables of its commands.
    """

    url: str
    port: int
    settings: Settings
    store: Store
    environment: Mapping[str, str]

    def journal_bytes(self) -> int:
        """Memory that the journal takes."""
        names = [self.store.keys.journal(p) for p in self.store.keys.every_partition()]
        usage = [self.store.client.call("MEMORY", "USAGE", name, "SAMPLES", 0) for name in names]
        return sum(int(one or 0) for one in usage)


def main(arguments: Sequence[str] = ()) -> int:
    """Plan, stream, and tell."""
    parser = option_parser("plans", __doc__)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--lines", type=int, default=LINES)
    given = parser.parse_args(arguments)
    if given.small:
        given.customers, given.lines = SMALL
    with tempfile.TemporaryDirectory() as place, served(Path(place) / "data") as site:
        ids = [f"c-{n:08d}" for n in range(given.customers + given.lines + SINGLY)]
        start = time.perf_counter()
        _know(site, ids)
        print(f"{len(ids):,} customers made in {time.perf_counter() - start:.0f} s")
        singly = _singly(site, ids[-SINGLY:])
        _file(site, Path(place), ids[: given.customers], singly)
        _stream(site, ids[given.customers : -SINGLY], singly)
    return 0


@contextlib.contextmanager
def served(data_dir: Path) -> Iterator[Site]:
    """A service on a free port of loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = {**os.environ, "NUDGE_ADMIN_KEY": KEY, "NUDGE_DATA_DIR": str(data_dir)}
    command = [sys.executable, "-m", "nudge", "serve", "--port", str(port)]
    with (data_dir.parent / "log").open("wb") as log:
        service = subprocess.Popen(command, stdout=log, stderr=log, env=environment)  # noqa: S603 - our own
    try:
        url = f"http://127.0.0.1:{port}"
        _await(url)
        settings = load_settings(environment)
        yield Site(url, port, settings, patient_store(settings), environment)
    finally:
        service.terminate()
        service.wait()


def _await(url: str) -> None:
    end = time.monotonic() + 60.0
    while time.monotonic() < end:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/readyz") as answer:  # noqa: S310 - loopback
            if answer.status == 200:  # noqa: PLR2004
                return
        time.sleep(0.2)
    raise TimeoutError("the service does not begin")


def _know(site: Site, ids: Sequence[str]) -> None:
    """Make customers; all but three in a hundred agreed to SMS."""
    rng = np.random.default_rng(1)
    asking = VisitorFinder(site.store.visitors, site.store.people, Sealer(site.settings.secret_key))
    now = time.time()
    states = [
        encode_state(
            VisitorState(
                consents=(Consent("sms", now, given=True),) if agreed else (),
                known=tuple(
                    KnownFact(name, now, value)
                    for name, value in (("city_tier", city), ("stage", stage), ("tier", tier))
                ),
                watermark=now,
            )
        )
        for agreed in (True, False)
        for city in ("1", "2", "3")
        for stage in ("growth", "stable", "warning")
        for tier in ("high", "mid", "low")
    ]
    kinds = rng.integers(0, 27, len(ids)) + 27 * (rng.random(len(ids)) < 0.03)  # noqa: PLR2004
    for i in range(0, len(ids), AT_ONCE):
        found = sorted(asking.opened_each(ids[i : i + AT_ONCE], besides=False))
        opened = [one for _, one in found]
        for p in {one.partition for one in opened}:
            pairs = [
                part
                for one, kind in zip(opened, kinds[i : i + AT_ONCE].tolist(), strict=True)
                if one.partition == p
                for part in (site.store.keys.visitor(p, one.subject), states[kind])
            ]
            site.store.client.call("MSET", *pairs)


def _singly(site: Site, ids: Sequence[str]) -> float:
    """Seconds for a customer who is asked for alone, on one connection."""
    connection = HTTPConnection("127.0.0.1", site.port)
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    start = time.perf_counter()
    for one in ids:
        connection.request("POST", "/v1/sms/timings", json.dumps({"visitor_id": one}), headers)
        answer = connection.getresponse()
        if answer.status != 200:  # noqa: PLR2004
            raise RuntimeError(answer.read().decode())
        answer.read()
    return (time.perf_counter() - start) / len(ids)


def _file(site: Site, place: Path, ids: Sequence[str], singly: float) -> None:
    mobile = np.random.default_rng(2).random(len(ids)) < 0.4  # noqa: PLR2004
    source, out = place / "in.parquet", place / "out.parquet"
    pq.write_table(pa.table({"visitor_id": list(ids), "mobile_before": mobile}), source)
    before = site.journal_bytes()
    start = time.perf_counter()
    command = [sys.executable, "-m", "nudge", "plan", str(source), str(out), "--json"]
    planner = subprocess.Popen(  # noqa: S603 - our own
        command, stdout=subprocess.PIPE, text=True, env=dict(site.environment)
    )
    with planner:
        peak = Peak(planner.pid)
        told = json.loads(planner.communicate()[0])
    seconds, grown = time.perf_counter() - start, site.journal_bytes() - before
    print(
        f"file: {len(ids):,} in {seconds:.1f} s ({len(ids) / seconds:,.0f} a second, "
        f"{singly * len(ids) / seconds:.0f} times {BASELINE}), peak {peak.end():.0f} MB; "
        f"{told['planned']:,} planned, journal {grown / told['planned']:.0f} bytes each"
    )


def _stream(site: Site, ids: Sequence[str], singly: float) -> None:
    """One connection: a thread writes, while this one reads."""
    lines = [json.dumps({"visitor_id": one, "context": {"mobile_before": True}}) for one in ids]
    body = "\n".join(lines).encode()
    head = (
        "POST /v1/sms/timings HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Authorization: Bearer {KEY}\r\nContent-Type: application/x-ndjson\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode()
    start = time.perf_counter()
    with socket.create_connection(("127.0.0.1", site.port)) as connection:
        writer = Thread(target=connection.sendall, args=(head + body,))
        writer.start()
        told = bytearray()
        while piece := connection.recv(1 << 20):
            told += piece
        writer.join()
    seconds = time.perf_counter() - start
    answers = told.count(b'"sticky"')
    if answers != len(ids):
        first = told[:500].decode()
        raise RuntimeError(f"{answers:,} answers to {len(ids):,} lines: {first}")
    print(
        f"stream: {len(ids):,} lines in {seconds:.1f} s ({len(ids) / seconds:,.0f} a second, "
        f"{singly * len(ids) / seconds:.0f} times {BASELINE})"
    )


class Peak:
    """The most memory that a process and its children take together.

    Of what several share each has its part.
    """

    def __init__(self, pid: int) -> None:
        self._pid, self._peak, self._stop = pid, 0, Event()
        self._thread = Thread(target=self._watch, daemon=True)
        self._thread.start()

    def end(self) -> float:
        """The peak in MB, when the process has ended."""
        self._stop.set()
        self._thread.join()
        return self._peak / 1024

    def _watch(self) -> None:
        while not self._stop.wait(0.25):
            self._peak = max(self._peak, sum(map(_pss, _tree(self._pid))))


def _tree(pid: int) -> list[int]:
    found = [pid]
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in path.read_text().split():
                found += _tree(int(child))
    return found


def _pss(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0

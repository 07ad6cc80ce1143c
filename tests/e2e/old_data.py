"""An installation by its commands and its HTTP alone, so that any version's can be asked."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

SLOTS = ("denomination", "prefill", "banner", "payment_retry", "sms_timing")
LASTING = ("subject", "channels", "benefits", "payments", "numbers", "consents", "texts")
"""The facts of a visitor that do not depend on the time at which one asks."""
FAMILIES = ("visitor", "open", "counts", "blocks", "totals")
"""Kinds of keys that a rebuild makes anew; a generation may follow, as in `counts@7`."""
SECRETS = {
    "NUDGE_SECRET_KEY": "old-secret-key-0123456789abcdef",
    "NUDGE_ADMIN_KEY": "old-admin-key-0123456789abcdefghi",
    "NUDGE_PAGE_KEY": "old-page-key-0123456789abcdefghij",
}

APPENDED = (b"heartbeat", b"warned", b"heard", b"watch_moved")
"""Names in the records that folds of this version append by themselves."""


@dataclass(frozen=True)
class Installation:
    """A data directory, and the version that runs on it.

    Attributes:
        python: the interpreter of the version.
        root: its checkout.
        config: its directory of configuration.
        data_dir: store, lake, spool.
        port: of its web.
    """

    python: str
    root: Path
    config: Path
    data_dir: Path
    port: int

    @property
    def environ(self) -> dict[str, str]:
        """Variables of every process that belongs to it."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("NUDGE_", "PYTHON"))}
        own = {
            "NUDGE_DATA_DIR": str(self.data_dir),
            "NUDGE_CONFIG_DIR": str(self.config),
            "NUDGE_BIND": f"127.0.0.1:{self.port}",
            "NUDGE_PARTITIONS": "2",
            "NUDGE_WEB_WORKERS": "1",
            "NUDGE_SPOOL_SIZE": str(1024 * 1024),
            "NUDGE_PUBLISH_EVERY": "3600",
            "NUDGE_ARCHIVE_EVERY": "2",
            "NUDGE_HOT_TIMEOUT": "5",
            "PYTHONPATH": str(self.root),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return inherited | own | SECRETS

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run a command of `nudge`."""
        command = [self.python, "-m", "nudge", *map(str, arguments)]
        return subprocess.run(
            command, cwd=self.root, env=self.environ, capture_output=True, text=True, check=False
        )

    def told(self, *arguments: object) -> Any:
        """Run a command with `--json` that must end with 0; what it prints."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def get(self, path: str) -> Any:
        """The answer of the web."""
        return self._call(path, None, "NUDGE_ADMIN_KEY")

    def post(self, path: str, body: object, key: str = "NUDGE_ADMIN_KEY") -> Any:
        """The answer of the web to a body."""
        return self._call(path, json.dumps(body).encode(), key)

    def _call(self, path: str, body: bytes | None, key: str) -> Any:
        url = f"http://127.0.0.1:{self.port}{path}"
        headers = {"X-API-Key": SECRETS[key], "Content-Type": "application/json"}
        request = urllib.request.Request(url, body, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - the same
            return json.load(answer)

    @contextmanager
    def serving(self, *arguments: str) -> Iterator[None]:
        """`nudge serve`, until the end of the block; then ended in order."""
        log = self.data_dir.with_suffix(".log")
        with log.open("wb") as output:
            process = subprocess.Popen(
                [self.python, "-m", "nudge", "serve", *arguments],
                cwd=self.root,
                env=self.environ,
                stdout=output,
                stderr=output,
            )
        try:
            until = time.monotonic() + 60
            while "Ctrl-C stops everything" not in log.read_text():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            assert process.wait(60) == 0, log.read_text()

    def settle(self, seconds: float = 60.0) -> None:
        """Wait until every fold has read everything; the archive too."""
        until = time.monotonic() + seconds
        found: Any = {}
        while found.get("status") != "ready" or any(found["lags"].values()):
            assert time.monotonic() < until, found
            time.sleep(0.2)
            found = self.get("/readyz")

    def heartbeats(self) -> list[int]:
        """Records of each partition's journal that only folds append: heartbeats and cases."""
        store: Any = redis.Redis(unix_socket_path=str(self.data_dir / "store" / "store.sock"))
        try:
            journals = [store.xrange(name) for name in store.scan_iter("nudge:{p*}:journal")]
            return [
                sum(any(word in row[b"r"] for word in APPENDED) for _, row in rows)
                for rows in journals
            ]
        finally:
            store.close()

    def totals(self) -> dict[str, dict[str, list[int]]]:
        """Slot -> variant -> exposures and conversions."""
        return {slot: self._totals(slot) for slot in SLOTS}

    def _totals(self, slot: str) -> dict[str, list[int]]:
        rows = self.get(f"/v1/slots/{slot}/performance")["variants"]
        return {row["variant"]: [row["exposures"], row["conversions"]] for row in rows}

    def visitor(self, visitor_id: str) -> dict[str, Any]:
        """The service's view of a visitor, less what time changes."""
        found = self.get(f"/v1/visitors/{visitor_id}")
        return {name: found[name] for name in LASTING}

    def state(self, *kinds: str) -> dict[str, Any]:
        """The state of attribute and learn, bit by bit, without generations; all or some.

        Of visitors and of blocks the names alone: a state may be brought up to any moment before
        its next exposure closes (`nudge verify` compares them brought up to one), and the position
        at which a block changed is the end of a batch.
        """
        store = redis.Redis(unix_socket_path=str(self.data_dir / "store" / "store.sock"))
        try:
            return dict(sorted(_rows(store, kinds or FAMILIES)))
        finally:
            store.close()


def _rows(store: Any, kinds: Sequence[str]) -> Iterator[tuple[str, Any]]:
    for name in store.scan_iter("nudge:{p*", count=1000):
        head, _, rest = name.decode().partition("}:")
        family, _, own = rest.partition(":")
        kind, _, generation = family.partition("@")
        live = store.hget(f"{head}}}:fold:{_fold(kind)}", "generation") or b"0"
        if kind in kinds and (generation or "0") == live.decode():
            value = _value(store, name)
            yield f"{head}}}:{kind}:{own}", sorted(value) if kind == "blocks" else value


def _fold(kind: str) -> str:
    return "attribute" if kind in {"visitor", "open"} else "learn"


def _value(store: Any, name: bytes) -> Any:
    kind = store.type(name)
    if kind == b"hash":
        return {k: v for k, v in sorted(store.hgetall(name).items()) if v != b"0"}
    return dict(store.zrange(name, 0, -1, withscores=True)) if kind == b"zset" else None

"""The ways in which a store can be away, each with its beginning and its end."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis
from child_processes import eventually
from fault_site import Site, installed

from nudge.processes import embedded
from nudge.processes.embedded import EmbeddedStore
from nudge.store.wire import client as clients
from nudge.store.wire.client import Client

PROXY = Path(__file__).with_name("fault_proxy.py")


@dataclass
class Ground:
    """Web processes that reach a real store through a proxy.

    Attributes:
        site: of the web.
        home: whose settings the store runs with.
        store: the server.
        proxy: between the two.
    """

    site: Site
    home: Site
    store: EmbeddedStore
    proxy: subprocess.Popen[str]

    def say(self, word: str) -> None:
        """Change what the proxy does."""
        assert self.proxy.stdin is not None
        assert self.proxy.stdout is not None
        self.proxy.stdin.write(word + "\n")
        self.proxy.stdin.flush()
        assert self.proxy.stdout.readline().strip() == word

    def admin(self, *command: str) -> object:
        """Run a command on the store itself."""
        with redis.Redis(unix_socket_path=str(self.home.settings.socket_path)) as client:
            answer: object = client.execute_command(*command)  # type: ignore[no-untyped-call]
            return answer

    @contextmanager
    def direct(self) -> Iterator[Client]:
        """The store, past the proxy."""
        client = clients.patient(self.home.settings.store_url)
        try:
            yield client
        finally:
            client.close()

    def space(self, size: int) -> None:
        """Let no file of the store grow beyond so many bytes: the log is full."""
        resource.prlimit(self.store.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def killed(self) -> None:
        """Kill the store."""
        self.store.process.kill()
        self.store.process.wait()

    def started(self) -> None:
        """Start it again, with its data."""
        self.store = embedded.start(self.home.settings)


Do = Callable[[Ground], object]


def _full(ground: Ground) -> None:
    ground.space(1)


def _roomy(ground: Ground) -> None:
    ground.space(resource.RLIM_INFINITY)


OUTAGES: Mapping[str, tuple[Do, Do]] = {
    "frozen": (
        lambda g: g.store.process.send_signal(signal.SIGSTOP),
        lambda g: g.store.process.send_signal(signal.SIGCONT),
    ),
    "killed": (Ground.killed, Ground.started),
    "refused": (lambda g: g.say("refuse"), lambda g: g.say("pass")),
    "slow": (lambda g: g.say("slow"), lambda g: g.say("pass")),
    "cut": (lambda g: g.say("cut"), lambda g: g.say("pass")),
    "disk full": (_full, _roomy),
    "memory full": (
        lambda g: g.admin("CONFIG", "SET", "maxmemory", "1"),
        lambda g: g.admin("CONFIG", "SET", "maxmemory", "0"),
    ),
}


@contextmanager
def ground() -> Iterator[Ground]:
    """A web that is ready, with a store behind a proxy."""
    with installed() as home:
        socket = home.directory / "proxy.sock"
        store = embedded.start(home.settings)
        command = [sys.executable, str(PROXY), str(socket), str(home.settings.socket_path)]
        with (
            subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            ) as proxy,
            installed(NUDGE_REDIS_URL=f"unix://{socket}") as site,
        ):
            made = Ground(site, home, store, proxy)
            try:
                assert eventually(socket.exists)
                slots = str(site.settings.config_dir / "slots")
                assert site.run("apply", slots).returncode == 0
                site.web()
                yield made
            finally:
                proxy.kill()
                made.store.process.send_signal(signal.SIGCONT)
                made.store.stop()

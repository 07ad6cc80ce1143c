"""The connection to the store: commands, scripts by file, and errors in Nudge's words.

There are two kinds. The hot one serves pages: it gives up after 50 ms and never repeats a call,
since the store may have done what it did not confirm. The patient one serves workers and commands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources
from itertools import chain, islice
from typing import Any, Final
from urllib.parse import urlsplit

import redis
from hiredis import pack_command
from redis.backoff import NoBackoff
from redis.cluster import RedisCluster
from redis.retry import Retry

from nudge import clock
from nudge.errors import (
    BrokenFoldError,
    FencedError,
    StoreAwayError,
    StoreError,
    StoreFullError,
)
from nudge.store.wire.breaker import Breaker
from nudge.store.wire.links import LINKS
from nudge.store.wire.moved_time import TIME, WALL_KEY, with_moved_time

Arg = str | bytes | int | float
Call = tuple[Sequence[str], Sequence[Arg]]
"""Keys and arguments of a script."""
Reply = Any
"""The server's answer: bytes, int, None, or lists of these."""

CLUSTER_SCHEME = "redis+cluster"
PROBE_KEY = "nudge:probe"
PASSING = ("OOM", "MISCONF", "LOADING", "READONLY", "CLUSTERDOWN", "MASTERDOWN", "TRYAGAIN")
"""Beginnings of refusals that pass, by themselves or by an operator: as good as absence."""
FULL = ("OOM", "MISCONF")
"""Those of a store that cannot write: no memory within its limit, or a disk that refuses."""
PIPE = 64
"""Scripts in one round trip: the server does them all before it turns to a page, in some ms."""
PATIENCE = 10.0
"""Seconds that a patient client waits for one answer."""


AWAY_ERRORS = (
    redis.ConnectionError,
    redis.TimeoutError,
    redis.exceptions.OutOfMemoryError,
    redis.exceptions.ReadOnlyError,
    redis.exceptions.ClusterDownError,
    redis.exceptions.ClusterError,
)


SCRIPTS: Final = ("EVALSHA", "EVAL")
"""The commands that run a script: their answers are as the server sends them."""


class UnknownScriptError(StoreError):
    """The server does not have the script: it was not run."""


@dataclass(frozen=True)
class Script:
    """A Lua script.

    Attributes:
        text: its source.
        sha: SHA-1 of the source, by which the server caches it.
    """

    text: str
    sha: str


@cache
def script(name: str, *, moved: bool = False) -> Script:
    """Return the script in `store/lua/<name>.lua`.

    Args:
        name: of the script.
        moved: it takes the time that a moved clock has left in the store, not the server's.
    """
    text = resources.files("nudge.store").joinpath("lua", f"{name}.lua").read_text("utf-8")
    text = with_moved_time(text) if moved else text
    return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


class Client:
    """A client of one server or a cluster; safe to share between threads.

    Attributes:
        breaker: of the hot client; None where callers are patient.
        before_return: runs when a store that was away answers again, before anybody uses it.
    """

    def __init__(self, connection: redis.Redis | RedisCluster, *, guarded: bool = False) -> None:
        self._connection = connection
        self._execute: Callable[..., Reply] = connection.execute_command
        if isinstance(connection, redis.Redis):
            self._execute = partial(_exchange, connection.connection_pool, self._execute)
        self.breaker = Breaker(self._probe) if guarded else None
        self.before_return: Callable[[], object] | None = None

    def call(self, *command: Arg) -> Reply:
        """Run one command whose keys lie in one hash slot.

        Raises:
            StoreAwayError: no connection, no answer in time, or nothing can be written now.
            StoreError: the server refused it.
        """
        if command == TIME and clock.is_moved():
            return self._send("GET", WALL_KEY).split()
        return self._send(*command)

    def call_each(self, commands: Sequence[Sequence[Arg]]) -> list[Reply]:
        """Run several commands, in one round trip where there is one server.

        Raises:
            StoreAwayError: no connection, no answer in time, or nothing can be written now.
            StoreError: the server refused one of them.
        """
        if not isinstance(self._connection, redis.Redis):
            return [self.call(*command) for command in commands]
        with self._translating(), self._connection.pipeline(transaction=False) as pipe:
            send: Callable[..., Reply] = pipe.execute_command
            for command in commands:
                send(*command)
            return pipe.execute()

    def read_hash(self, key: str) -> dict[bytes, bytes]:
        """Read a whole hash; empty where there is none.

        Raises:
            StoreAwayError: no answer.
        """
        return pairs_of(self.call("HGETALL", key))

    def scores_before(self, key: str, before: float, most: int) -> list[tuple[str, float]]:
        """List members of a sorted set with a score below a bound, the smallest first.

        Raises:
            StoreAwayError: no answer.
        """
        span = ("-inf", f"({before!r}", "WITHSCORES", "LIMIT", 0, most)
        found = self.call("ZRANGEBYSCORE", key, *span)
        return [(name.decode(), score) for name, score in member_scores(found)]

    def run(self, name: str, keys: Sequence[str], args: Sequence[Arg]) -> Reply:
        """Run the script `lua/<name>.lua`; a server that does not know it yet is sent its text.

        Raises:
            FencedError: the script found that the caller no longer owns what it writes.
            StoreAwayError: no connection, no answer in time, or nothing can be written now.
            StoreError: the server refused it.
        """
        known = script(name, moved=clock.is_moved())
        rest = (len(keys), *keys, *args)
        try:
            return self._send("EVALSHA", known.sha, *rest)
        except UnknownScriptError:
            return self._send("EVAL", known.text, *rest)

    def run_each(self, name: str, calls: Sequence[Call]) -> list[Reply]:
        """Run a script many times, in few round trips where there is one server.

        Args:
            name: of the script.
            calls: keys and arguments of each.

        Returns:
            The answers, in order.

        Raises:
            StoreAwayError: no connection, no answer in time, or nothing can be written now: any
                part of the calls may have happened.
            StoreError: the server refused one of them.
        """
        # The first by itself: after it the server knows the script.
        found = [self.run(name, *call) for call in calls[:1]]
        if not isinstance(self._connection, redis.Redis):
            # A cluster takes no scripts in a pipeline.
            return found + [self.run(name, *call) for call in calls[1:]]
        for start in range(1, len(calls), PIPE):
            found += self._piped(self._connection, name, calls[start : start + PIPE])
        return found

    def _piped(self, server: redis.Redis, name: str, calls: Sequence[Call]) -> list[Reply]:
        sha = script(name, moved=clock.is_moved()).sha
        with self._translating(), server.pipeline(transaction=False) as pipe:
            send: Callable[..., Reply] = pipe.execute_command
            for names, args in calls:
                send("EVALSHA", sha, len(names), *names, *args)
            return pipe.execute()

    def run_ahead(self, name: str, calls: Iterable[Call]) -> Iterator[Reply]:
        """Run a script many times: the server does one while the caller makes the next.

        At most one more call waits at the server, which turns to others in between.

        Args:
            name: of the script.
            calls: keys and arguments of each; made when their turn has come.

        Yields:
            The answers, in order. Whoever stops taking them does not know what became of the next.

        Raises:
            StoreAwayError: no connection, no answer in time, or nothing can be written now: any
                part of the calls that were made may have happened.
            StoreError: the server refused one of them.
        """
        left = iter(calls)
        # The first by itself: after it the server knows the script.
        yield from (self.run(name, *call) for call in islice(left, 1))
        if isinstance(self._connection, redis.Redis):
            yield from self._ahead(self._connection.connection_pool, name, left)
        else:
            # A cluster's nodes have connections of their own.
            yield from (self.run(name, *call) for call in left)

    def _ahead(
        self, pool: redis.ConnectionPool, name: str, calls: Iterator[Call]
    ) -> Iterator[Reply]:
        first = next(calls, None)
        if first is None:
            return
        with self._translating():
            link: Any = pool.get_connection()
        waiting, sha = 0, script(name, moved=clock.is_moved()).sha
        try:
            for names, args in chain((first,), calls):
                with self._translating():
                    link.send_command("EVALSHA", sha, len(names), *names, *args)
                    waiting += 1
                    if waiting == 1:
                        continue
                    reply = link.read_response()
                    waiting -= 1
                yield reply
            with self._translating():
                reply = link.read_response()
                waiting -= 1
            yield reply
        finally:
            pool.release(link)

    def scan(self, pattern: str) -> Iterator[str]:
        """Yield the keys that match a glob pattern, on all servers: a walk over all keys.

        A key that is there from beginning to end is found, perhaps twice.

        Raises:
            StoreAwayError: no answer.
        """
        try:
            for key in self._connection.scan_iter(match=pattern, count=1000):
                yield key.decode()
        except redis.RedisError as error:
            raise _translated(error) from error

    def rewrite_log(self) -> None:
        """Make every server rewrite its log; one that refuses is left alone.

        Raises:
            StoreAwayError: no answer.
        """
        for node in self._nodes():
            try:
                node.bgrewriteaof()
            except redis.ResponseError:
                continue  # one is running, or it is not allowed here: a managed server's own affair
            except redis.RedisError as error:
                raise _translated(error) from error

    def is_rewriting(self) -> bool:
        """Return whether a server rewrites its log, or is about to.

        Raises:
            StoreAwayError: no answer.
        """
        try:
            found = [node.info("persistence") for node in self._nodes()]
        except redis.RedisError as error:
            raise _translated(error) from error
        flags = ("aof_rewrite_in_progress", "aof_rewrite_scheduled")
        return any(one.get(flag) for one in found for flag in flags)

    def writes_log(self) -> bool | None:
        """Return whether every server writes its log to disk; None where one does not tell.

        Raises:
            StoreAwayError: no answer.
        """
        with self._translating():
            found = [node.info("persistence").get("aof_enabled") for node in self._nodes()]
        return None if None in found else all(found)

    def memories(self) -> list[Mapping[str, Any]]:
        """Return what each server says of its memory, as numbers and words.

        Raises:
            StoreAwayError: no answer.
        """
        with self._translating():
            return [node.info("memory") for node in self._nodes()]

    def _nodes(self) -> list[redis.Redis]:
        if isinstance(self._connection, RedisCluster):
            nodes = self._connection.get_primaries()  # type: ignore[no-untyped-call]
            return [self._connection.get_redis_connection(node) for node in nodes]
        return [self._connection]

    def close(self) -> None:
        """Give the connections back."""
        if self.breaker:
            self.breaker.close()
        self._connection.close()

    def _send(self, *command: Arg) -> Reply:
        if self.breaker:
            self.breaker.check()
        try:
            return self._execute(*command)
        except redis.RedisError as error:
            raise self._trip(error) from error

    @contextmanager
    def _translating(self) -> Iterator[None]:
        """Let a call through unless the store is away, and translate its errors."""
        if self.breaker:
            self.breaker.check()
        try:
            yield
        except redis.RedisError as error:
            raise self._trip(error) from error

    def _trip(self, error: redis.RedisError) -> StoreError:
        """The error in our words; where the store is away the breaker opens."""
        translated = _translated(error)
        if self.breaker and isinstance(translated, StoreAwayError):
            self.breaker.trip(translated)
        return translated

    def _probe(self) -> None:
        # A server without memory or disk still answers reads: only a write shows that it is back.
        try:
            self._execute("SET", PROBE_KEY, "1", "EX", 60)
        except redis.RedisError as error:
            translated = _translated(error)
            if isinstance(translated, StoreAwayError):
                raise translated from error
            raise StoreAwayError(str(error)) from error
        if self.before_return:
            self.before_return()


def _exchange(pool: redis.ConnectionPool, otherwise: Callable[..., Reply], *command: Arg) -> Reply:
    """Run a command; a script without the library's bookkeeping, which costs 100 calls."""
    if command[0] not in SCRIPTS:
        return otherwise(*command)
    link: Any = pool.get_connection()
    try:
        # Its stub means a tuple of one.
        packed: bytes = pack_command(command)  # type: ignore[arg-type]
        link.send_packed_command([packed])
        return link.read_response()
    finally:
        pool.release(link)


def pairs_of(reply: Reply) -> dict[bytes, bytes]:
    """Return a hash from either of the two shapes in which servers and scripts answer it."""
    return reply if isinstance(reply, dict) else dict(zip(reply[::2], reply[1::2], strict=True))


def member_scores(reply: Reply) -> list[tuple[bytes, float]]:
    """Return members with their scores: protocol 3 gives pairs, 2 a flat list."""
    is_flat = not (reply and isinstance(reply[0], list | tuple))
    rows = zip(reply[::2], reply[1::2], strict=True) if is_flat else reply
    return [(name, float(score)) for name, score in rows]


def hot(url: str, timeout: float) -> Client:
    """Make a client for the page path.

    Args:
        url: of the store.
        timeout: seconds to connect, and to wait for each answer.
    """
    return Client(_connect(url, timeout), guarded=True)


def patient(url: str) -> Client:
    """Make a client for workers and commands. It repeats no call: its callers do."""
    return Client(_connect(url, PATIENCE))


def _connect(url: str, timeout: float) -> redis.Redis | RedisCluster:
    options: dict[str, Any] = {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
    }
    scheme = urlsplit(url).scheme
    if scheme == CLUSTER_SCHEME:
        plain = url.replace(CLUSTER_SCHEME, "redis", 1)
        return RedisCluster.from_url(plain, connection_class=LINKS["redis"], **options)
    return redis.Redis.from_url(url, connection_class=LINKS[scheme], **options)


def _translated(error: redis.RedisError) -> StoreError:
    text = str(error)
    if isinstance(error, redis.exceptions.NoScriptError):
        return UnknownScriptError(text)
    if isinstance(error, redis.exceptions.OutOfMemoryError) or text.startswith(FULL):
        return StoreFullError(f"the store cannot write, it is full: {text}")
    if isinstance(error, AWAY_ERRORS) or text.startswith(PASSING):
        return StoreAwayError(f"the store does not answer: {text}")
    if text.startswith("FENCED"):
        return FencedError(text)
    if text.startswith("BROKEN"):
        return BrokenFoldError(text.removeprefix("BROKEN "))
    return StoreError(f"the store refused: {text}")

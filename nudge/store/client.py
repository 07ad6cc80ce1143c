"""The connection to the store: commands, scripts by file, and its errors in our words.

There are two kinds. The hot one serves pages: it gives up after 50 ms and never repeats a call,
since the store may have done what it did not confirm. The patient one serves workers and commands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.cluster import RedisCluster
from redis.retry import Retry

from nudge.errors import FencedError, StoreAwayError, StoreError

Arg = str | bytes | int | float
Reply = Any
"""What the server answers: bytes, int, None, or lists of these."""

CLUSTER_SCHEME = "redis+cluster"
PATIENCE = 10.0
"""Seconds that a patient client waits for one answer."""


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
def script(name: str) -> Script:
    """The script in `store/lua/<name>.lua`."""
    text = resources.files("nudge.store").joinpath("lua", f"{name}.lua").read_text("utf-8")
    return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


class Client:
    """Runs commands and scripts on one server or a cluster; safe to share between threads."""

    def __init__(self, connection: redis.Redis | RedisCluster) -> None:
        self._connection = connection
        self._execute: Callable[..., Reply] = connection.execute_command

    def call(self, *command: Arg) -> Reply:
        """Run one command whose keys lie in one hash slot.

        Raises:
            StoreAwayError: no connection, or no answer in time.
            StoreError: the server refused it.
        """
        try:
            return self._execute(*command)
        except redis.RedisError as error:
            raise _translated(error) from error

    def run(self, name: str, keys: Sequence[str], args: Sequence[Arg]) -> Reply:
        """Run the script `lua/<name>.lua`; a server that does not know it yet is sent its text.

        Raises:
            FencedError: the script found that the caller no longer owns what it writes.
            StoreAwayError: no connection, or no answer in time.
            StoreError: the server refused it.
        """
        known = script(name)
        rest = (len(keys), *keys, *args)
        try:
            return self._execute("EVALSHA", known.sha, *rest)
        except redis.exceptions.NoScriptError:
            return self.call("EVAL", known.text, *rest)
        except redis.RedisError as error:
            raise _translated(error) from error

    def close(self) -> None:
        """Give the connections back."""
        self._connection.close()


def hot(url: str, timeout: float) -> Client:
    """A client for the page path.

    Args:
        url: of the store.
        timeout: seconds to connect, and to wait for each answer.
    """
    return Client(_connect(url, timeout))


def patient(url: str) -> Client:
    """A client for workers and commands. It does not repeat calls either: its callers do."""
    return Client(_connect(url, PATIENCE))


def _connect(url: str, timeout: float) -> redis.Redis | RedisCluster:
    options: dict[str, Any] = {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
    }
    if urlsplit(url).scheme == CLUSTER_SCHEME:
        return RedisCluster.from_url(url.replace(CLUSTER_SCHEME, "redis", 1), **options)
    return redis.Redis.from_url(url, **options)


def _translated(error: redis.RedisError) -> StoreError:
    if isinstance(error, redis.ConnectionError | redis.TimeoutError):
        return StoreAwayError(f"the store does not answer: {error}")
    if str(error).startswith("FENCED"):
        return FencedError(str(error))
    return StoreError(f"the store refused: {error}")

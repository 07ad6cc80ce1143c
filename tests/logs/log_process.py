"""Errors at thirty places of a process that is configured as the service's own are."""

from __future__ import annotations

import gc
import logging
import sys
import threading
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import structlog

from nudge.domain.people.visitor_codec import decode_state
from nudge.errors import NudgeError
from nudge.logs.configuration import configure
from nudge.settings.settings import load
from nudge.workers.loops import supervise

NUMBER: Final = "13812345678"
SPELLINGS: Final = (NUMBER, "+86 138 1234 5678", "138-1234-5678", "１３８１２３４５６７８")
KEYS: Final = (
    "an-admin-key-of-24-chars",
    "a-secret-key-of-the-installation",
    "nk_abcDEF1234_0123456789abcdefghijABCDEFGHIJ01",
    "d.Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyMTIz",
    "QkFTRTY0bGlua3Rva2VuMTIzNDU2Nzg5MEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZX",
    "passw0rd",
)
DRAW_KEY: Final = bytes(range(200, 232))

log = structlog.get_logger()
library = logging.getLogger("some.library")


def fail(error: BaseException) -> None:
    """Log an error, with everything that must not be told in variables around it."""
    secret, number, key = KEYS[1], NUMBER, DRAW_KEY
    try:
        if secret and number and key:
            raise error
    except type(error):
        log.exception("failed", number=number, key=secret)


def chained() -> None:
    """Log an error whose cause and context hold numbers."""
    try:
        try:
            int(f"x{NUMBER}")
        except ValueError as error:
            raise KeyError(NUMBER) from error
    except KeyError:
        log.exception("chained")


def uncaught_in_thread() -> None:
    """Let a thread die of an error."""
    thread = threading.Thread(target=int, args=(f"x{NUMBER}",), name=f"t-{NUMBER}")
    thread.start()
    thread.join()


class Unraisable:
    """An object whose end fails."""

    def __del__(self) -> None:
        """Fail."""
        raise ValueError(NUMBER)


def unraisable() -> None:
    """Let an object's end fail."""
    Unraisable()
    gc.collect()


class Loop:
    """A worker's loop that fails."""

    def run(self, stop: threading.Event) -> None:
        """Fail."""
        assert not stop.is_set()
        raise RuntimeError(f"no partition of {NUMBER}")


def unreadable() -> None:
    """Read a state of another version."""
    try:
        decode_state(b"\x63" + NUMBER.encode())
    except NudgeError as error:
        log.warning("unreadable", error=error, bytes=NUMBER.encode())


class Rude:
    """An object that tells a number, and one that fails when it is asked."""

    def __repr__(self) -> str:
        """Tell a number."""
        return f"<{NUMBER}>"


PLACES: Final[tuple[Callable[[], Any], ...]] = (
    *(lambda x=x: fail(ValueError(x)) for x in SPELLINGS),
    *(lambda x=x: log.error(x, value=x, table={x: [x]}) for x in SPELLINGS),
    *(lambda x=x: library.error("of %s and %s", x, {"n": x}) for x in SPELLINGS),
    *(lambda x=x: warnings.warn(f"about {x}", stacklevel=1) for x in SPELLINGS),
    *(lambda x=x: log.warning("key", text=f"sent {x} to us", url=f"/p?key={x}") for x in KEYS),
    lambda: log.error("numbers", whole=int(NUMBER), decimal=float(NUMBER), full=8613812345678),
    lambda: log.error("bytes", key=DRAW_KEY, text=f"key {DRAW_KEY!r} and {DRAW_KEY.hex()}"),
    lambda: log.error("headers", headers={"Authorization": f"Bearer {KEYS[0]}"}),
    lambda: log.error("sent", text=f"Authorization: Bearer {KEYS[0]}; X-API-Key: {KEYS[1]}"),
    lambda: log.error("store", url=f"redis://user:{KEYS[5]}@127.0.0.1:6379/0"),
    lambda: log.error("object", of=Rude(), many={Rude()}, group=[Rude()]),
    lambda: fail(ExceptionGroup(NUMBER, [ValueError(NUMBER), KeyError(NUMBER)])),
    lambda: library.critical("rude %r", Rude(), exc_info=ValueError(NUMBER)),
    lambda: library.error("%d too many %s", "wrong", NUMBER),
    lambda: log.error("query", path=f"/v1/slots?why={NUMBER}&key={KEYS[0]}"),
    chained,
    uncaught_in_thread,
    unraisable,
    unreadable,
    lambda: supervise({"attribute": Loop()}, threading.Event()),
)
"""More than thirty of them."""


def main() -> None:
    """Provoke all errors, then die of one."""
    settings = load()
    given = {"admin_key": KEYS[0], "secret_key": KEYS[1].encode()}
    settings = replace(settings, **given, redis_url=f"redis://user:{KEYS[5]}@127.0.0.1/0")  # type: ignore[arg-type]
    configure("worker", settings)
    warnings.simplefilter("always")
    for place in PLACES:
        place()
    log.debug("unwanted")
    sys.stdout.write(f"{len(PLACES)}\n")
    sys.stdout.flush()
    raise RuntimeError(f"the end of {NUMBER}")


if __name__ == "__main__":
    main()

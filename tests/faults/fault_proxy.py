"""Stands between web and store, in a process of its own, and spoils what passes.

    python fault_proxy.py LISTEN TARGET

Both are unix sockets. A word on stdin changes what it does: `pass`; `slow` holds each reply back
for 200 ms; `cut` breaks the connection in the middle of each reply; `refuse` is not there at all.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio import StreamReader, StreamWriter
from contextlib import suppress

SLOW = 0.2


class Proxy:
    """A proxy before the store: what it does at present, and the connections that it holds."""

    def __init__(self, listen: str, target: str) -> None:
        self._listen, self._target = listen, target
        self._mode = "pass"
        self._open: set[StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def run(self) -> None:
        """Obey stdin until it ends."""
        await self._set("pass")
        loop = asyncio.get_running_loop()
        while word := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
            await self._set(word)
            sys.stdout.write(f"{word}\n")
            sys.stdout.flush()

    async def _set(self, word: str) -> None:
        self._mode = word
        if word == "refuse" and self._server:
            self._server.close()
            self._server = None
            os.unlink(self._listen)  # noqa: PTH108 - nobody else waits here
            for writer in list(self._open):
                writer.transport.abort()
        elif word != "refuse" and self._server is None:
            self._server = await asyncio.start_unix_server(self._accept, self._listen)

    async def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            back, forth = await asyncio.open_unix_connection(self._target)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, forth}
        await asyncio.gather(self._forward(reader, forth), self._reply(back, writer))
        self._open -= {writer, forth}

    async def _forward(self, reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(OSError):  # an aborted socket says so in more than one way
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def _reply(self, reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(OSError):  # an aborted socket says so in more than one way
            while data := await reader.read(1 << 16):
                if self._mode == "slow":
                    await asyncio.sleep(SLOW)
                if self._mode == "cut":
                    writer.write(data[: len(data) // 2])
                    break
                writer.write(data)
                await writer.drain()
        writer.close()


if __name__ == "__main__":
    asyncio.run(Proxy(*sys.argv[1:]).run())

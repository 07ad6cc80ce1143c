"""Blocks as bytes: a version byte, then what zlib makes of MessagePack, column by column.

About 35 bytes a decision, most of them its subject and its draw, which nothing makes smaller.
"""

from __future__ import annotations

import math
import zlib
from typing import Any, Final

import msgpack
import numpy as np

from nudge.domain.block import Block, Drawn
from nudge.domain.records import Decision, Ref
from nudge.errors import CorruptRecordError
from nudge.store.codec import decode, encode

VERSION: Final = 2
"""First byte of a block; that of a single record is another one."""
_LEVEL: Final = 1
_SUBJECT: Final = 16
_DRAW: Final = 8
_DRAWS: Final = 3
"""Which of the columns holds the draws."""
_UNREADABLE: Final = (ValueError, TypeError, IndexError, zlib.error, msgpack.UnpackException)


def encode_block(block: Block) -> bytes:
    """The block's payload."""
    drawn, shapes = block.drawn, block.shapes
    number = {id(shape): i for i, shape in enumerate(shapes)}
    superseded = [
        (i, one.supersedes.partition, one.supersedes.position, one.supersedes.index)
        for i, one in enumerate(drawn)
        if one.supersedes
    ]
    columns = [
        [encode(shape) for shape in shapes],
        bytes.fromhex("".join([one.subject for one in drawn])),
        np.array([number[id(one.shape)] for one in drawn], "<u2").tobytes(),
        np.array([one.u for one in drawn], "<u8").tobytes(),
        np.array([one.choice for one in drawn], "<u2").tobytes(),
        # Without a time it is not a number.
        np.array([one.due for one in drawn], "<f8").tobytes(),
        superseded,
    ]
    packed: bytes = zlib.compress(msgpack.packb(columns), _LEVEL)
    return bytes((VERSION,)) + packed


def is_block(payload: bytes) -> bool:
    """Whether a payload is that of a block."""
    return payload[:1] == bytes((VERSION,))


def length_of(payload: bytes) -> int:
    """How many decisions a block has; its shapes are not looked at.

    Raises:
        CorruptRecordError: these bytes are none.
    """
    try:
        return len(_columns(payload)[_DRAWS]) // _DRAW
    except _UNREADABLE as error:
        raise _corrupt(payload) from error


def decode_block(payload: bytes) -> list[Decision]:
    """The decisions of the block that `encode_block` was given, in order.

    Raises:
        CorruptRecordError: these bytes are none.
    """
    try:
        return [one.decision for one in _drawn(_columns(payload))]
    except _UNREADABLE as error:
        raise _corrupt(payload) from error


def _columns(payload: bytes) -> list[Any]:
    found: list[Any] = msgpack.unpackb(zlib.decompress(payload[1:]))
    return found


def _corrupt(payload: bytes) -> CorruptRecordError:
    return CorruptRecordError(f"a block of {len(payload)} bytes cannot be read")


def _drawn(columns: list[Any]) -> list[Drawn]:
    shapes, subjects, shape, u, choice, due, superseded = columns
    known = [_shape(one) for one in shapes]
    names = subjects.hex()
    supersedes = {i: Ref(*ref) for i, *ref in superseded}
    times = np.frombuffer(due, "<f8").tolist()
    rows = zip(
        np.frombuffer(shape, "<u2").tolist(),
        np.frombuffer(u, "<u8").tolist(),
        np.frombuffer(choice, "<u2").tolist(),
        (None if math.isnan(at) else at for at in times),
        strict=True,
    )
    return [
        Drawn(
            known[which],
            names[2 * _SUBJECT * i : 2 * _SUBJECT * (i + 1)],
            draw,
            index,
            at,
            supersedes.get(i),
        )
        for i, (which, draw, index, at) in enumerate(rows)
    ]


def _shape(payload: bytes) -> Decision:
    record = decode(payload, "")
    if not isinstance(record, Decision):
        raise CorruptRecordError(f"a block of {record.kind}s")
    return record

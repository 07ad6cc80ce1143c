"""Blocks as bytes: a version byte, then what zlib makes of MessagePack, column by column.

About 35 bytes a decision, most of them its subject and its draw, which nothing makes smaller. As
with other records the subjects are not among them, but a field of the stream entry.
"""

from __future__ import annotations

import math
import zlib
from typing import Any, Final

import msgpack
import numpy as np

from nudge.domain.journal.block import Block, drawn_from
from nudge.domain.journal.records import Decision, Ref
from nudge.errors import CorruptRecordError
from nudge.store.wire.codec import decode, encode

VERSION: Final = 2
"""First byte of a block; that of a single record is another one."""
_LEVEL: Final = 1
_SUBJECT: Final = 32
"""Hex digits."""


def subjects_of(block: Block) -> bytes:
    """Return the block's subjects, 16 bytes each: a field that scripts can read."""
    return bytes.fromhex("".join([one.subject for one in block.drawn]))


def encode_block(block: Block) -> bytes:
    """Return the block's payload, without its subjects."""
    shapes = block.shapes
    number = {id(shape): i for i, shape in enumerate(shapes)}
    shape, _, u, choice, due, superseded = zip(*block.drawn, strict=True)
    columns = [
        [encode(shape) for shape in shapes],
        np.array([number[one] for one in map(id, shape)], "<u2").tobytes(),
        np.array(u, "<u8").tobytes(),
        np.array(choice, "<u2").tobytes(),
        # Without a time it is not a number.
        np.array(due, "<f8").tobytes(),
        [(i, *ref) for i, ref in enumerate(superseded) if ref],
    ]
    packed: bytes = zlib.compress(msgpack.packb(columns), _LEVEL)
    return bytes((VERSION,)) + packed


def is_block(payload: bytes) -> bool:
    """Return whether a payload is that of a block."""
    return payload[:1] == bytes((VERSION,))


def decode_block(payload: bytes, subjects: bytes) -> list[Decision]:
    """Return the decisions of `encode_block` and `subjects_of`, in order.

    Raises:
        CorruptRecordError: these bytes are none.
    """
    try:
        columns = msgpack.unpackb(zlib.decompress(payload[1:]))
        return _decisions(columns, subjects.hex())
    except (ValueError, TypeError, IndexError, zlib.error, msgpack.UnpackException) as error:
        raise CorruptRecordError(f"a block of {len(payload)} bytes cannot be read") from error


def _decisions(columns: list[Any], subjects: str) -> list[Decision]:
    shapes, shape, u, choice, due, superseded = columns
    known = [_shape(one) for one in shapes]
    names = [subjects[i : i + _SUBJECT] for i in range(0, len(subjects), _SUBJECT)]
    replaced: list[Ref | None] = [None] * len(names)
    for i, *ref in superseded:
        replaced[i] = Ref(*ref)
    rows = zip(
        [known[i] for i in np.frombuffer(shape, "<u2").tolist()],
        names,
        np.frombuffer(u, "<u8").tolist(),
        np.frombuffer(choice, "<u2").tolist(),
        [None if math.isnan(at) else at for at in np.frombuffer(due, "<f8").tolist()],
        replaced,
        strict=True,
    )
    return [drawn_from(*row) for row in rows]


def _shape(payload: bytes) -> Decision:
    record = decode(payload, "")
    if not isinstance(record, Decision):
        raise CorruptRecordError(f"a block of {record.kind}s")
    return record

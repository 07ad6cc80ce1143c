"""Snapshot format of policies: no pickle, checksummed, and the same bytes on every machine.

    magic "BNDT" | format (u16) | 0 (u16) | header length (u32) | header, JSON, padded to 8
    | arrays, little-endian, each padded to 8 | BLAKE2b-256 of all bytes before

The header holds kind, arms, version, meta, the fields of that kind of policy, and name, dtype and
shape of each array.
"""

import json
import math
import struct
from hashlib import blake2b
from typing import cast

import numpy as np

from bandits.arrays import AnyArray
from bandits.errors import SnapshotError
from bandits.policies.base import Arrays, Header, Policy, PolicyBase, SnapshotPolicy
from bandits.policies.mixture import PARTS, MixturePolicy

MAGIC = b"BNDT"
FORMAT = 1
_PREFIX = struct.Struct("<4sHHI")
_DIGEST = 32
_DTYPES = ("<f4", "<f8", "<i8")
_READERS: dict[str, type[SnapshotPolicy]] = {**PARTS, MixturePolicy.kind: MixturePolicy}


def dump(policy: Policy) -> bytes:
    """Return the snapshot of a policy as bytes. Deterministic: equal policies give equal bytes.

    Raises:
        TypeError: the policy is not of a kind that has a snapshot form.
    """
    if not isinstance(policy, tuple(_READERS.values())):
        raise TypeError(f"no snapshot form for {type(policy).__name__}")
    stored = cast("SnapshotPolicy", policy)
    arrays = {name: _little_endian(array) for name, array in stored.arrays().items()}
    listed = [[name, array.dtype.str, list(array.shape)] for name, array in arrays.items()]
    header = {
        "kind": stored.kind,
        "arms": list(policy.arms),
        "version": policy.version,
        "meta": dict(policy.meta),
        "policy": stored.header(),
        "arrays": listed,
    }
    text = _pad(json.dumps(header, sort_keys=True, separators=(",", ":")).encode())
    parts = [_PREFIX.pack(MAGIC, FORMAT, 0, len(text)), text]
    body = b"".join(parts + [_pad(array.tobytes()) for array in arrays.values()])
    return body + blake2b(body, digest_size=_DIGEST).digest()


def load_policy(blob: bytes) -> Policy:
    """Return the policy of a snapshot, with read-only arrays.

    Raises:
        SnapshotError: the bytes are not a snapshot, are cut short or damaged, have a newer format,
            or hold a kind of policy that is unknown here.
    """
    header, offset = _read_header(bytes(blob))
    try:
        base = _read_base(header)
        reader = _reader(str(header["kind"]))
        arrays = _read_arrays(header, bytes(blob), offset)
        return reader.restore(base, _table(header["policy"]), arrays)
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        if isinstance(error, SnapshotError):
            raise
        raise SnapshotError(f"the snapshot's parts do not fit together: {error}") from error


def _reader(kind: str) -> type[SnapshotPolicy]:
    if kind not in _READERS:
        raise SnapshotError(f"unknown kind of policy {kind!r}")
    return _READERS[kind]


def _little_endian(array: AnyArray) -> AnyArray:
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))


def _pad(data: bytes) -> bytes:
    return data + (b" " if data[:1] == b"{" else b"\0") * (-len(data) % 8)


def _read_header(blob: bytes) -> tuple[Header, int]:
    if len(blob) < _PREFIX.size + _DIGEST or blob[:4] != MAGIC:
        raise SnapshotError("these bytes are not a policy snapshot")
    _, version, _, length = _PREFIX.unpack_from(blob)
    if version != FORMAT:
        age = "newer" if version > FORMAT else "unknown"
        raise SnapshotError(f"the snapshot has the {age} format {version}; this reads {FORMAT}")
    body, digest = blob[:-_DIGEST], blob[-_DIGEST:]
    if blake2b(body, digest_size=_DIGEST).digest() != digest:
        raise SnapshotError("the snapshot is cut short or damaged: its checksum does not fit")
    end = _PREFIX.size + length
    try:
        header = json.loads(blob[_PREFIX.size : end])
    except ValueError as error:
        raise SnapshotError("the snapshot's header cannot be read") from error
    if not isinstance(header, dict):
        raise SnapshotError("the snapshot's header is not a table")
    return header, end


def _read_base(header: Header) -> PolicyBase:
    arms, meta = header["arms"], _table(header["meta"])
    if not isinstance(arms, list) or not arms:
        raise TypeError("arms")
    return PolicyBase(arms=tuple(map(str, arms)), version=str(header["version"]), meta=meta)


def _table(value: object) -> Header:
    if not isinstance(value, dict):
        raise TypeError("a table is missing")
    return value


def _read_arrays(header: Header, blob: bytes, offset: int) -> Arrays:
    listed = header["arrays"]
    if not isinstance(listed, list):
        raise TypeError("arrays")
    arrays: Arrays = {}
    for name, dtype, shape in listed:
        if dtype not in _DTYPES:
            raise TypeError(f"dtype {dtype}")
        count = math.prod(shape)
        array = np.frombuffer(blob, dtype, count, offset).reshape(shape)
        arrays[name] = array
        offset += array.nbytes + -array.nbytes % 8
    return arrays

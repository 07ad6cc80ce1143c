"""Moves the wall clock of a Python process by the seconds that stand in the file $SKEW."""

import mmap
import os
import struct
import time

with open(os.environ["SKEW"], "rb") as _file:  # noqa: PTH123 - before anything is imported
    _skew = mmap.mmap(_file.fileno(), 8, access=mmap.ACCESS_READ)
_time, _time_ns = time.time, time.time_ns


def _now() -> float:
    return _time() + struct.unpack("d", _skew)[0]


def _now_ns() -> int:
    return _time_ns() + int(1e9 * struct.unpack("d", _skew)[0])


time.time, time.time_ns = _now, _now_ns

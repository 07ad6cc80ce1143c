"""Type aliases of the arrays in signatures; docstrings give the shapes."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
Float32Array: TypeAlias = NDArray[np.float32]
IntArray: TypeAlias = NDArray[np.int64]
UintArray: TypeAlias = NDArray[np.uint64]
BoolArray: TypeAlias = NDArray[np.bool_]
AnyArray: TypeAlias = NDArray[Any]

Context: TypeAlias = Mapping[str, object]
"""Context of one visitor: attribute name -> value."""

Contexts: TypeAlias = Mapping[str, AnyArray | Sequence[object]]
"""Contexts of n visitors: attribute name -> column (n,)."""

"""Attributes of a log's rows, from the map `context` or from columns of their own."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bandits.arrays import AnyArray
from bandits.config import AttributeSpec
from nudge.lake.evaluation.log_arrays import TEXT, RawBatch
from nudge.lake.evaluation.log_values import is_text, read_tables

CONTEXT: Final = "context"
_FLAGS: Final = {"true": 1.0, "1": 1.0, "false": 0.0, "0": 0.0}


def open_context(part: RawBatch) -> RawBatch:
    """Return the batch with its context as a map, where it was written as JSON text."""
    if not part.has(CONTEXT) or not is_text(part.column(CONTEXT)):
        return part
    tables, bad = read_tables(part.column(CONTEXT))
    place = part.batch.schema.get_field_index(CONTEXT)
    batch = part.batch.set_column(place, CONTEXT, tables)
    return RawBatch(part.log, batch, part.numbers, bad_context=bad)


def context_names(part: RawBatch) -> list[str]:
    """Return the names of the attributes in the batch's context."""
    if not part.has(CONTEXT):
        return []
    context = part.column(CONTEXT)
    if pa.types.is_struct(context.type):
        return [field.name for field in context.type]
    if not pa.types.is_map(context.type):
        problem = f"holds {context.type} and not a map of names to values"
        raise part.wrong(CONTEXT, 0, problem, "write a map, or name columns with --features")
    return sorted(part.entries(CONTEXT).codes)


def read_attribute(part: RawBatch, name: str) -> pa.Array:
    """Return an attribute's values (n,) as text, null where unknown; a number as its JSON."""
    inner = _from_context(part, name)
    if inner is None:
        return part.text(name) if part.has(name) else pa.nulls(len(part), TEXT)
    if not part.has(name):
        return inner
    # A decision's record keeps its slot's attributes; channel and page stand beside them.
    return pc.coalesce(inner, part.text(name))


def _from_context(part: RawBatch, name: str) -> pa.Array | None:
    if not part.has(CONTEXT):
        return None
    context = part.column(CONTEXT)
    if pa.types.is_map(context.type):
        return part.entries(CONTEXT).values(name)
    if pa.types.is_struct(context.type) and context.type.get_field_index(name) >= 0:
        try:
            return pc.struct_field(context, name).cast(TEXT)
        except pa.ArrowException as error:
            kind = str(context.type.field(name).type)[:60]
            problem = f"holds {kind} in {name!r}, and no text or number"
            raise part.wrong(CONTEXT, 0, problem, "name columns with --features") from error
    return None


def read_contexts(part: RawBatch, attributes: Sequence[AttributeSpec]) -> Mapping[str, AnyArray]:
    """Return the attributes in the form that policies take: name -> column (n,)."""
    return {one.name: _typed(read_attribute(part, one.name), one.kind) for one in attributes}


def _typed(texts: pa.Array, kind: str) -> AnyArray:
    """Return values by kind; a text that is not of its kind is unknown: pages send anything."""
    coded = texts.dictionary_encode()
    values: list[Any] = [*coded.dictionary.to_pylist(), None]
    if kind != "category":
        read = _flag if kind == "flag" else _number
        column: AnyArray = np.array([math.nan if v is None else read(v) for v in values])
    else:
        column = np.array(values, dtype=np.object_)
    places = pc.fill_null(coded.indices, len(values) - 1).to_numpy(zero_copy_only=False)
    found: AnyArray = column[places]
    return found


def _flag(text: str) -> float:
    return _FLAGS.get(text.lower(), math.nan)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan

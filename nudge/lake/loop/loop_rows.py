"""Cases of a question as arrays: openings, steps and payments, joined by the lake's engine."""

from __future__ import annotations

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bandits.arrays import FloatArray
from nudge.domain.care.factors.people_table import Grouping
from nudge.domain.loop.loop_cases import WORDS, LoopCases
from nudge.domain.loop.loop_question import LoopQuestion, LoopTerms
from nudge.lake.engine.dialects import arrow
from nudge.lake.engine.query import Backend, keep_rows
from nudge.lake.loop.case_payments import case_payments
from nudge.lake.loop.case_rows import SUMS, TIMES, case_steps, opened_cases, seconds
from nudge.lake.reports.taken_back import with_roots

_NUMBERS = ("opened", *TIMES, "paid")


def loop_cases(backend: Backend, question: LoopQuestion, terms: LoopTerms) -> LoopCases:
    """Return the cases of a question.

    Args:
        backend: from `connect`.
        question: that is asked.
        terms: which outcomes tell what, and what contacts cost.

    Raises:
        BrokenLakeError: the lake cannot be read.
    """
    events, start, within = backend.table("events"), question.start, question.kept_within
    opened = opened_cases(events, start, question.end, question.kinds)
    rows = with_roots(backend, opened, "case_roots")
    rows = rows.mutate(until=rows.opened_at + ibis.interval(microseconds=round(within * 1e6)))
    with keep_rows(backend, rows) as cases:
        steps = case_steps(events, cases, terms, start)
        paid = case_payments(backend, cases, (start, question.end + within))
        both = cases.left_join(steps, "case").drop("case_right")
        both = both.left_join(paid, "case").drop("case_right")
        both = both.mutate(opened=seconds(both.opened_at))
        names = ("root", "held", *_NUMBERS, *SUMS, "revenue", *WORDS)
        found = arrow(backend, both.order_by("opened_at", "case").select(*names))
    return _cases(found)


def _cases(found: pa.Table) -> LoopCases:
    numbers = {name: _floats(found[name], np.nan) for name in _NUMBERS}
    sums = {name: _floats(found[name], 0.0) for name in (*SUMS, "revenue")}
    visitor = _grouping("root", found["root"]).codes
    held = found["held"].to_numpy().astype(np.bool_)
    words = {name: _grouping(name, found[name]) for name in WORDS}
    return LoopCases(visitor=visitor, held=held, **numbers, **sums, words=words)


def _floats(column: pa.ChunkedArray, missing: float) -> FloatArray:
    filled = pc.fill_null(column.cast(pa.float64()), missing)
    return np.asarray(filled.to_numpy(), dtype=np.float64)


def _grouping(name: str, column: pa.ChunkedArray) -> Grouping:
    """Return a column of words as codes; empty and missing ones are unknown."""
    texts = pc.fill_null(column.cast(pa.string()), "").combine_chunks().dictionary_encode()
    words = texts.dictionary.to_pylist()
    known = sorted(one for one in words if one)
    places = {word: n for n, word in enumerate(known)}
    place = np.array([places.get(word, -1) for word in words], dtype=np.int64)
    codes = texts.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return Grouping(name, place[codes] if len(words) else codes, tuple(known))

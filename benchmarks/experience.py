"""The experience report over a lake of a million scores: seconds, processor and memory.

    python -m benchmarks experience          # 1,000,000 scores of 400,000 people, 20,000 texts
    python -m benchmarks experience --scores 100000

Texts are read from memory here, as the vault would give them. Baseline `by hand`: the mean by scene
as SQL over the lake's own events, without people, intervals, changes or words.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.big_lake import START
from benchmarks.options import option_parser
from benchmarks.reports import apart
from benchmarks.scored_lake import END, SUBJECTS, scored_lake
from nudge.domain.care.experience.experience_query import ExperienceQuestion, FeedbackPeriod
from nudge.domain.care.experience.low_words import ReadText
from nudge.domain.care.experience.text_ref import TextRef
from nudge.flows.reports.experience import experience_answer
from nudge.lake.engine.engine import EngineLimits, engine
from nudge.lake.files.reader import Lake

BASELINE: Final = "by hand: mean by scene"
SCORES: Final = 1_000_000
SMALL: Final = 3_000
QUESTIONS: Final = (
    (),
    ("scene",),
    ("touch_point",),
    ("channel",),
    ("week",),
    ("scene", "channel", "week"),
    ("context.city_tier",),
    ("leaving", "leaving_source"),
)
SECONDS: Final = 10.0
MEMORY: Final = 1.2e9
BY_HAND: Final = """
SELECT fields['scene'], avg(fields['score']::DOUBLE), count(*) FROM events
WHERE type = 'feedback' GROUP BY 1
"""
_LOW: Final = ("到账太慢了", "充值页面打不开", "客服一直没人接", "扣了钱没有到账")
_OTHER: Final = ("很方便", "速度很快", "优惠不错", "操作简单一看就会")
BROKEN: Final[list[str]] = []
"""Bounds that were broken in this process."""


def texts(refs: Sequence[TextRef]) -> Iterable[ReadText]:
    """Write a text for each place, as people might."""
    rng = np.random.default_rng(1)
    for ref in refs:
        words = _LOW if ref.is_low else _OTHER
        noise = "".join(chr(0x4E00 + int(x)) for x in rng.zipf(1.3, 12) % 3000)
        yield ReadText(ref.subject, ref.is_low, f"{words[int(rng.integers(4))]}，{noise}")


@contextmanager
def told(what: str, most: float) -> Iterator[None]:
    """Print what something took, and whether that is more than is allowed."""
    began, used = time.perf_counter(), time.process_time()
    yield
    wall, cpu = time.perf_counter() - began, time.process_time() - used
    broken = f"  BROKEN: at most {most} s of processor" if cpu > most else ""
    print(f"  {what:44} {wall:7.2f} s  processor {cpu:7.2f} s{broken}", flush=True)
    if broken:
        BROKEN.append(what)


def measured(root: Path) -> None:
    """Ask every question once, as a worker does."""
    lake = Lake(root / "lake")
    half = (START + END) / 2
    for by in QUESTIONS:
        asked = ExperienceQuestion(FeedbackPeriod(half, END), by)
        with (
            told(f"report by {', '.join(by) or 'nothing'}", SECONDS),
            engine(lake, EngineLimits(), root / "spill") as (backend, _),
        ):
            experience_answer(backend, asked, {}, texts)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"  most memory {peak / 1e9:.2f} GB (at most {MEMORY / 1e9})", flush=True)
    if BROKEN or peak > MEMORY:
        sys.exit(1)


def by_hand(root: Path) -> None:
    """Count the baseline."""
    lake = Lake(root / "lake")
    with engine(lake, EngineLimits(), root / "spill") as (backend, _), told(BASELINE, SECONDS):
        backend.raw_sql(BY_HAND).fetchall()


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the lake and ask; return the exit code."""
    parser = option_parser("experience", __doc__ or "")
    parser.add_argument("--scores", type=int, default=SCORES)
    options = parser.parse_args(arguments)
    scores = SMALL if options.small else options.scores
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        people = max(1, scores * SUBJECTS // SCORES)
        scored_lake(root / "lake", scores, people)
        print(f"{scores:,} scores of {people:,} people", flush=True)
        return max(apart(by_hand, root), apart(measured, root))

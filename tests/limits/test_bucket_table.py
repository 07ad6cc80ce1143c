"""Laws of the table of token buckets."""

from __future__ import annotations

import mmap
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples_of
from hypothesis import strategies as st

from nudge.limits.bucket_table import SETS, SIZE, WAYS, Bid, BucketTable
from nudge.settings.rate import NO_LIMIT, Rate

SECRET = b"s" * 32
RATES = st.builds(Rate, st.floats(0.01, 10_000), st.floats(1, 5_000))
CALLS = st.lists(st.tuples(st.floats(0, 30), st.integers(1, 1000)), max_size=40)


def table() -> BucketTable:
    """A table of this test alone."""
    return BucketTable(mmap.mmap(-1, SIZE), SECRET)


@pytest.mark.parametrize(
    "examples", [60, pytest.param(10_000, marks=pytest.mark.soak)], ids=["short", "soak"]
)
def test_s06_limits_never_admit_more_than_burst_and_rate(examples: int) -> None:
    """In any span a bucket admits its burst (or the largest call) and rate * span.

    Who waits as long as told is admitted, and a full bucket admits at once.
    """

    @examples_of(max_examples=examples)
    @given(RATES, CALLS, st.floats(0, 1e7))
    def law(rate: Rate, calls: list[tuple[float, int]], start: float) -> None:
        buckets, now = table(), start
        admitted: list[tuple[float, float]] = []
        for pause, units in calls:
            now += pause
            wait = buckets.take(b"k", rate, units, now)
            assert wait >= 0
            if not admitted:
                assert wait == 0
            if wait:
                now += wait * (1 + 1e-9) + 1e-6
                assert buckets.take(b"k", rate, units, now) == 0
            admitted.append((now, units))
            taken, most = 0.0, rate.burst
            for at, some in reversed(admitted):
                taken, most = taken + some, max(most, some)
                bound = most + rate.per_second * (now - at)
                assert taken <= bound * (1 + 1e-6) + 1e-3 * rate.per_second

    law()


def test_s06_limits_take_of_all_buckets_or_of_none() -> None:
    """A call that one bucket refuses costs the other nothing."""
    buckets, wide, narrow = table(), Rate(1, 100), Rate(1, 1)
    both = [Bid(b"wide", wide, 1), Bid(b"narrow", narrow, 1)]
    assert buckets.take_all(both, 5.0) == (0, 0)
    assert all(buckets.take_all(both, 5.0)[1] == pytest.approx(1) for _ in range(200))
    assert buckets.take(b"wide", wide, 99, 5.0) == 0


def test_s06_limits_are_shared_by_processes(tmp_path: Path) -> None:
    """A token that one process took is gone for another; the file is its owner's alone."""
    path, rate = tmp_path / "run" / "limits.table", Rate(1, 10)
    assert BucketTable.open(path, SECRET).take(b"k", rate, 10, 7.0) == 0
    code = (
        "import sys; from pathlib import Path; from nudge.limits.bucket_table import BucketTable;"
        "from nudge.settings.rate import Rate;"
        f"print(BucketTable.open(Path(sys.argv[1]), {SECRET!r}).take(b'k', Rate(1, 10), 4, 7.0))"
    )
    told = subprocess.run([sys.executable, "-c", code, path], capture_output=True, check=True)
    assert float(told.stdout) == pytest.approx(4)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.stat().st_size == SIZE


def test_s06_a_broken_file_of_limits_locks_nobody_out(tmp_path: Path) -> None:
    """A file of another boot or form is made anew, beside who has it open.

    Where no file can be made the process counts alone.
    """
    path, rate = tmp_path / "limits.table", Rate(1, 10)
    old = BucketTable.open(path, SECRET)
    path.write_bytes(path.read_bytes().replace(b"nudge limits", b"other limits"))
    fresh = BucketTable.open(path, SECRET)
    assert [one.take(b"k", rate, 10, 1.0) for one in (old, fresh)] == [0, 0]
    assert path.read_bytes().startswith(b"nudge limits")
    assert list(tmp_path.iterdir()) == [path]
    nowhere = tmp_path / "limits.table" / "below a file"
    assert BucketTable.open(nowhere, SECRET).take(b"k", rate, 10, 1.0) == 0


def test_s06_a_clock_that_began_anew_locks_nobody_out() -> None:
    """A debt that no calls can owe is cut, so a wrong number heals within the bucket's time."""
    buckets, rate = table(), Rate(10, 20)
    buckets.take(b"k", rate, 20, 1e9)
    assert buckets.take(b"k", rate, 1, 5.0) <= (20 + 1000) / 10


def test_s06_no_limit_admits_everything() -> None:
    """A limit that is switched off never makes anybody wait."""
    buckets = table()
    assert not any(buckets.take(b"k", NO_LIMIT, 1000, 5.0) for _ in range(100))


def test_s06_a_flood_of_keys_lets_the_emptiest_buckets_stay() -> None:
    """More keys than there are places push out full buckets, not the one that a flood emptied."""
    buckets, rate = table(), Rate(100, 3000)
    assert buckets.take(b"flooded", rate, 3000, 1.0) == 0
    for number in range(SETS * WAYS):
        assert buckets.take(b"%d" % number, rate, 1, 1.0) == 0
    assert buckets.take(b"flooded", rate, 3000, 1.0) > 0

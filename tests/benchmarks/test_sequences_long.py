"""Long form of the confidence sequence: each world of its benchmark, with all its runs."""

from __future__ import annotations

import pytest

from benchmarks import sequences
from benchmarks.sequence_worlds import BETTER, NOBODY


@pytest.mark.soak
@pytest.mark.parametrize("name", [*NOBODY, *BETTER])
def test_the_bounds_of_a_world_hold(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    """A wrong winner in at most .05 of 1,000 runs, intervals that cover, the better one in time."""
    good = sequences.main(["--world", name])
    assert good == 0, capfd.readouterr().out

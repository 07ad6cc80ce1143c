"""The complaint model as a worker follows its file."""

from __future__ import annotations

import os
from pathlib import Path

from structlog.testing import capture_logs

from nudge.domain.care.text_reading import ComplaintScore
from nudge.errors import InvalidConfigError
from nudge.workers.complaint_model_file import ComplaintModelFile


class Named:
    """A model that is known by what stands in its file."""

    def __init__(self, path: Path) -> None:
        self.name = path.read_text()
        if self.name == "damaged":
            raise InvalidConfigError([f"{path}: is no complaint model; train it again"])

    def score_each(self, texts: list[str], _: float) -> list[ComplaintScore]:
        """Judge nothing."""
        return [ComplaintScore(0.0) for _ in texts]


def name_of(file: ComplaintModelFile) -> str | None:
    model = file.current()
    return model.name if isinstance(model, Named) else None


def write(path: Path, text: str, second: int) -> None:
    """Write a file anew, as `nudge warnings train` does."""
    part = path.with_suffix(".part")
    part.write_text(text)
    os.utime(part, (second, second))
    part.replace(path)


def test_a_newer_file_is_taken_up_and_one_is_loaded_once(tmp_path: Path) -> None:
    """The operator's own file goes before the shipped one as soon as it is there."""
    own, shipped = tmp_path / "own", tmp_path / "shipped"
    write(shipped, "shipped", 1)
    file = ComplaintModelFile((own, shipped), Named)
    first = file.current()
    assert name_of(file) == "shipped"
    assert file.current() is first
    write(own, "mine", 2)
    assert name_of(file) == "mine"
    write(own, "more", 3)
    assert name_of(file) == "more"
    own.unlink()
    assert name_of(file) == "shipped"


def test_a_file_that_cannot_be_used_is_told_once_and_stops_nothing(tmp_path: Path) -> None:
    """Neither a damaged model nor none raises; the shipped one does not stand in for it."""
    own, shipped = tmp_path / "own", tmp_path / "shipped"
    file = ComplaintModelFile((own, shipped), Named)
    with capture_logs() as told:
        assert [file.current(), file.current()] == [None, None]
        write(shipped, "shipped", 1)
        write(own, "damaged", 1)
        assert [file.current(), file.current()] == [None, None]
    assert [one["event"] for one in told] == ["complaint_model_absent", "complaint_model_unusable"]

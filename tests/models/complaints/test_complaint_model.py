"""The complaint model: trained, written, read, and asked for its words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from nudge.cli.care.warnings import warnings
from nudge.domain.care.words.lexicon import Lexicon, WordGroup
from nudge.errors import InvalidConfigError
from nudge.models.complaints.course import Course, run_course
from nudge.models.complaints.features import plain_text, text_row, words_of
from nudge.models.complaints.file import MOST_BYTES, SHIPPED, load_complaint_model, model_bytes
from nudge.models.complaints.label_columns import LabelColumns
from nudge.models.complaints.model import ComplaintModel, ComplaintScore
from nudge.models.complaints.training import LabelledText

LEXICON = Lexicon((WordGroup("own", complaints=("慢", "slow"), praise=("好", "good")),))


def made_rows(count: int, seed: int = 0) -> list[LabelledText]:
    """Texts of a world where 宕 and "zzap" make complaints; one label in ten is wrong."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        bad = bool(rng.random() < 0.5)
        noise = "".join(rng.choice(list("天地人山水风云雨"), 8))
        words = " ".join(rng.choice(["red", "blue", "green", "north", "south", "east"], 5))
        text = (
            f"{noise}{'宕机了' if bad else '顺利了'}{number}"
            if number % 2
            else (f"{words} {'zzap zzap' if bad else 'lovely'} {number}")
        )
        found.append(LabelledText(text, bad != bool(rng.random() < 0.1)))
    return found


@pytest.fixture(scope="module")
def course() -> Course:
    return run_course(made_rows(800), LEXICON)


def test_planted_words_are_learned_through_wrong_labels(course: Course) -> None:
    """One label in ten is wrong: .9 is all that can be reached, less three standard errors."""
    for one in course.figures.values():
        assert one.accuracy > 0.9 - 3 * np.sqrt(0.09 / one.texts)
        assert one.brier < 0.12


def judged(model: ComplaintModel, text: str) -> ComplaintScore:
    """The judgement on one text, with its words whatever it is."""
    return model.score_each([text], 0.0)[0]


def test_a_hit_shows_its_words(course: Course) -> None:
    """The words that made it hold the planted one."""
    assert any("宕" in one or "机" in one for one in judged(course.model, "今天宕机了").words)
    assert "zzap" in judged(course.model, "north zzap zzap east").words
    assert judged(course.model, "今天宕机了").probability > 0.7
    assert judged(course.model, "").probability == 0


def test_words_that_the_lexicon_lacks_are_proposed(course: Course) -> None:
    """The planted words are proposed, with how often they come."""
    assert any("zzap" in one.word for one in course.proposals["en"])
    assert any("宕" in one.word for one in course.proposals["zh"])


def test_a_model_is_the_same_after_its_file(course: Course, tmp_path: Path) -> None:
    """Writing and reading changes no probability; one text is scored as many are."""
    path = tmp_path / "model.npz"
    path.write_bytes(model_bytes(course.model))
    texts = [one.text for one in made_rows(50, seed=1)]
    found = load_complaint_model(path)
    assert np.array_equal(found.probabilities(texts), course.model.probabilities(texts))
    alone = [judged(found, one).probability for one in texts]
    assert np.allclose(alone, found.probabilities(texts))
    assert set(found.notes) == {"figures", "proposals"}


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"x" * 100])
def test_a_damaged_file_is_told_with_the_cure(content: bytes, tmp_path: Path) -> None:
    """No damage runs code or ends in a traceback."""
    path = tmp_path / "model.npz"
    path.write_bytes(content)
    with pytest.raises(InvalidConfigError, match="train it again"):
        load_complaint_model(path)


def test_the_shipped_model_is_small_and_reads_both_languages() -> None:
    """At most 2 MB; clear cases of a recharge channel are told apart."""
    assert SHIPPED.stat().st_size <= MOST_BYTES
    model = load_complaint_model()
    bad, good = model.probabilities(["很差，太让人失望了，根本没用", "很好，非常满意，推荐"])
    worse, better = model.probabilities(["terrible, broken and useless", "works great, love it"])
    assert (bad > 0.8, good < 0.2) == (True, True)
    assert (worse > 0.7, better < 0.3) == (True, True)


def test_words_are_cut_at_spaces_and_signs() -> None:
    """Words keep their apostrophes; a sign is a word of its own."""
    row = text_row([plain_text("It is n't  GOOD, no.")])
    units = words_of(row)
    found = [row.text[a:b] for a, b in zip(units.starts, units.ends, strict=True)]
    assert found == ["it", "isn't", "good", ",", "no", "."]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"text": "慢", "label": "complaint"}, True),
        ({"text": "好", "label": "满意"}, False),
        ({"text": "好", "label": 0}, False),
        ({"text": "好", "label": "maybe"}, "column 'label' is 'maybe'; write complaint or other"),
        ({"text": " ", "label": 1}, "column 'text' is empty; write the text or leave the row out"),
    ],
)
def test_a_label_is_read_or_its_problem_told(row: dict[str, object], found: object) -> None:
    """Labels of both languages count; anything else is named with the cure."""
    columns = LabelColumns.of("a.csv", ("text", "label"), -0.5)
    read = columns.row(row)
    assert (read if isinstance(read, str) else read.complains) == found


def test_a_rating_is_a_label_with_a_weight() -> None:
    """A rating far from the threshold counts more than one beside it; numbers are masked."""
    columns = LabelColumns.of("a.csv", ("text", "rating"), -0.5)
    far, near = (
        columns.row({"text": "call 13812345678", "rating": "-3"}),
        columns.row({"text": "a", "rating": -0.4}),
    )
    assert isinstance(far, LabelledText)
    assert isinstance(near, LabelledText)
    assert (far.complains, near.complains, far.weight > near.weight) == (True, False, True)
    assert "138" not in far.text


def test_the_command_trains_and_tells_refused_lines(tmp_path: Path) -> None:
    """The model is written; a line that cannot be used is named, and the exit code says so."""
    file, out = tmp_path / "own.csv", tmp_path / "made.npz"
    lines = [f"{one.text},{'complaint' if one.complains else 'other'}" for one in made_rows(280)]
    file.write_text("\n".join(["text,label", *lines, "无标签,perhaps"]), "utf-8")
    found = CliRunner().invoke(
        warnings, ["train", str(file), "--out", str(out), "--data-dir", str(tmp_path)]
    )
    assert found.exit_code == 1, found.output
    assert "in five folds accuracy" in found.output
    assert "line 282: column 'label' is 'perhaps'" in found.output
    assert judged(load_complaint_model(out), "今天宕机了").probability > 0.5


def test_a_file_with_flipped_bytes_is_told_or_read(course: Course, tmp_path: Path) -> None:
    """Whatever damage does to compressed arrays, it is an error of the configuration."""
    content, rng, path = model_bytes(course.model), np.random.default_rng(4), tmp_path / "m.npz"
    for _ in range(150):
        damaged = bytearray(content)
        # Headers of a zip stand at its end.
        for place in len(content) - 1 - rng.integers(0, rng.choice([900, len(content)]), 3):
            damaged[place] ^= int(rng.integers(1, 256))
        path.write_bytes(damaged)
        try:
            load_complaint_model(path)
        except InvalidConfigError as error:
            assert "train it again" in str(error)  # noqa: PT017 - some damage changes nothing

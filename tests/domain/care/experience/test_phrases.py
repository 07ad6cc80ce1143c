"""Phrases without a dictionary: what many write, whole, without numbers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nudge.domain.care.experience.phrases import (
    LONGEST,
    count_phrases,
    phrase_text,
    runs_of,
)


def told(texts: list[str], fewest: int = 3) -> dict[str, int]:
    found = count_phrases([set(runs_of(text)) for text in texts], fewest)
    return {phrase_text(run): n for run, n in found.items()}


def test_a_phrase_is_told_whole() -> None:
    """Parts that never stand alone are left out; so is a single character."""
    texts = [f"{a}到账太慢{b}" for a, b in zip("我你他谁", "呀啊吧呢", strict=True)]
    assert told(texts) == {"到账太慢": 4}


def test_a_part_that_stands_alone_is_a_phrase_too() -> None:
    """太慢 of other texts is no part of one phrase only."""
    texts = ["充值太慢"] * 4 + ["网速太慢"] * 4
    assert told(texts) == {"充值太慢": 4, "网速太慢": 4, "太慢": 8}


def test_words_of_other_scripts_keep_their_spaces() -> None:
    """Words are units like characters, in any case and width."""
    texts = ["So SLOW, cannot pay!", "so slow app", "ＳＯ　ｓｌｏｗ了"]
    assert told(texts) == {"so slow": 3}


def test_numbers_are_masked() -> None:
    """No phrase holds a number: a phone number, an order's, an amount are the same sign."""
    texts = ["扣了50元没到账13812345678", "扣了100元没到账", "扣了3元没到账，单号998877"]
    assert told(texts) == {"扣了 # 元没到账": 3}
    assert all(not any(c.isdigit() for c in phrase) for phrase in told(texts, 1))


def test_a_sign_ends_a_phrase() -> None:
    """Punctuation and emoji stand between phrases, a space does not."""
    assert runs_of("太 慢，了😡!") == [("太", "慢"), ("了",)]


@given(st.lists(st.text("慢快了a1，# ", max_size=12), min_size=1, max_size=12))
def test_counts_are_those_of_people(texts: list[str]) -> None:
    """A phrase is counted once for each text that holds it, and has at most eight units."""
    people = [set(runs_of(text)) for text in texts]
    for run, n in count_phrases(people, 2).items():
        holding = [
            any(
                one[i : i + len(run)] == run for one in runs for i in range(len(one) - len(run) + 1)
            )
            for runs in people
        ]
        assert (sum(holding), len(run) <= LONGEST) == (n, True)
        assert n >= 2

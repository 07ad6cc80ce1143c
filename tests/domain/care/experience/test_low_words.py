"""The words that come with low scores: found where they were planted, and none where none are."""

from __future__ import annotations

import numpy as np

from nudge.domain.care.experience.low_words import LowWords, ReadText, low_words

COMMON = ("充值", "办理", "昨天", "手机", "流量", "套餐", "营业厅", "今天", "一直", "觉得")


def noise(rng: np.random.Generator) -> str:
    return "，".join(rng.choice(COMMON, 4))


def texts(rng: np.random.Generator, people: int, planted: str = "") -> list[ReadText]:
    """Texts of people, a third of them beside low scores; half of these write what is planted."""
    found = []
    for i in range(people):
        low = i % 3 == 0
        words = noise(rng) + (f"，{planted}" if planted and low and i % 2 else "")
        found.append(ReadText(f"s{i}", low, words))
    return found


def test_planted_words_are_found_and_nothing_else() -> None:
    """The phrase that half of the unhappy write is told, whole, with its figures."""
    found = low_words(texts(np.random.default_rng(1), 600, "到账太慢了"))
    assert [one.phrase for one in found.phrases] == ["到账太慢了"]
    (one,) = found.phrases
    assert (one.people, one.share_low, one.share_other) == (100, 0.5, 0.0)
    assert 0.0 < one.low < one.log_odds < one.high


def test_longer_phrases_are_told_where_they_say_more() -> None:
    """Two phrases that share a part are told, and not the part; a rare longer one is not."""
    rng = np.random.default_rng(6)
    endings = ("到账太慢", "一直没有到账", "网速太差")
    found = low_words(
        ReadText(one.subject, one.is_low, f"{one.text}{'，' + endings[i % 5 % 3] * one.is_low}")
        for i, one in enumerate(texts(rng, 900))
    )
    assert {one.phrase for one in found.phrases} == set(endings)


def test_no_word_is_named_where_none_comes_with_low_scores() -> None:
    """Of 60 sets of texts without a difference at most 5 % name a word, and three deviations."""
    rng, runs = np.random.default_rng(2), 60
    named = sum(bool(low_words(texts(rng, 240)).phrases) for _ in range(runs))
    assert named <= runs * 0.05 + 3 * (runs * 0.05 * 0.95) ** 0.5


def test_one_person_makes_no_word() -> None:
    """A word that one person writes a thousand times is said by one person."""
    rng = np.random.default_rng(3)
    many = [ReadText("s0", True, "退订骗人") for _ in range(1000)]
    assert low_words([*texts(rng, 240), *many]).phrases == ()


def test_fewer_than_twenty_people_are_not_told() -> None:
    """Neither their words nor their number of words; too few writers tell nothing."""
    rng = np.random.default_rng(4)
    few = [ReadText(f"x{i}", True, "系统崩溃") for i in range(19)]
    assert low_words([*texts(rng, 600), *few]).phrases == ()
    assert low_words(few) == LowWords(19, 0)
    assert not low_words(few).is_enough


def test_words_of_praise_are_not_told() -> None:
    """Words that come with other scores are none of low ones."""
    rng = np.random.default_rng(5)
    praise = [
        ReadText(one.subject, not one.is_low, one.text) for one in texts(rng, 600, "非常满意")
    ]
    assert low_words(praise).phrases == ()

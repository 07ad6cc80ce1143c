"""The finder of words of complaint: negation, scope, spelling, script and places."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from places import CONFIG

from nudge.config.documents.lexicon_file import load_lexicon
from nudge.domain.care.words.finder import WordFinder
from nudge.domain.care.words.lexicon import Lexicon, WordGroup

PAIRS = Path(__file__).parents[3] / "data"
WIDE = {ord(one): chr(ord(one) + 0xFEE0) for one in map(chr, range(0x21, 0x7F))}
ASKED = 0.97
SETS = ("first", "second", "third", "fourth", "fifth")


@cache
def shipped() -> WordFinder:
    return WordFinder(load_lexicon(CONFIG))


def phrases(text: str) -> list[str]:
    return [one.phrase for one in shipped().find(text)]


def pairs(name: str) -> list[list[str]]:
    """Read the pairs of a file: each two texts behind + or -."""
    lines = (PAIRS / f"word_pairs_{name}.txt").read_text("utf-8").splitlines()
    rows = [one.split("|") for one in lines if one and not one.startswith("#")]
    return [[text.replace("\\u200b", "\u200b") for text in row[1:]] for row in rows]


def right(pair: list[str]) -> bool:
    return all(bool(phrases(text[1:])) == text.startswith("+") for text in pair)


@pytest.mark.parametrize("name", SETS)
def test_the_lexicon_alone_reads_pairs_that_differ_in_a_word(name: str) -> None:
    """Both texts of a pair are read rightly in 97 of 100 pairs of each set."""
    found = [right(one) for one in pairs(name)]
    assert sum(found) / len(found) >= ASKED


def test_the_lexicon_reads_pairs_of_another_hand() -> None:
    """Both texts are read rightly in 97 of 100 pairs of nine sets by people who know no code."""
    lines = [
        json.loads(line)
        for place in sorted(PAIRS.glob("word_pairs_other_*.jsonl"))
        for line in place.read_text("utf-8").splitlines()
    ]
    found = [
        all(bool(phrases(one[side])) == one[f"{side}_complaint"] for side in ("a", "b"))
        for one in lines
    ]
    assert len(found) == 2700
    assert sum(found) / len(found) >= ASKED


def test_the_pairs_are_as_many_as_asked() -> None:
    """The first set has 300 pairs or nearly, and no pair is in two sets."""
    every = [tuple(one) for name in SETS for one in pairs(name)]
    assert len(pairs("first")) >= 295
    assert len(set(every)) == len(every)


@pytest.mark.parametrize(
    ("text", "written", "phrase", "group"),
    [
        ("我家網 速太 慢了", "慢", "慢", "speed"),
        ("垃😡圾", "垃😡圾", "垃圾", "mood"),
        ("信号不太稳定", "不太稳定", "不太稳定", "stability"),
        ("The line isn't working.", "isn't working", "not working", "stability"),
        ("客服太度差", "太度差", "态度差", "service"),
        ("so s l o w", "s l o w", "slow", "speed"),
        ("ｓｌｏｗ！", "ｓｌｏｗ", "slow", "speed"),
    ],
)
def test_a_hit_tells_its_place_in_the_text_as_written(
    text: str, written: str, phrase: str, group: str
) -> None:
    """The span covers what was written, with the negator that makes a complaint of praise."""
    hit = shipped().find(text)[0]
    assert (text[hit.start : hit.end], hit.phrase, hit.group) == (written, phrase, group)


@pytest.mark.parametrize("text", ["", " ", "😀", "。。。", "hello", "请问怎么办理流量卡", "'"])
def test_a_text_without_a_complaint_has_no_hit(text: str) -> None:
    """Empty texts, signs alone and plain questions say nothing."""
    assert phrases(text) == []


@given(st.text(max_size=40) | st.text(alphabet="不没慢卡好 ,，.。?notslwa'’-", max_size=30))
def test_any_text_is_read_and_spans_lie_inside(text: str) -> None:
    """No text makes the finder fail; spans are in order of the text and never empty."""
    hits = shipped().find(text)
    assert all(0 <= one.start < one.end <= len(text) for one in hits)


@given(st.sampled_from([text[1:] for one in pairs("second") for text in one]))
def test_width_does_not_count(text: str) -> None:
    """The full-width form of a text has the same phrases."""
    assert phrases(text.translate(WIDE)) == phrases(text)


@given(st.sampled_from([text[1:] for one in pairs("third") for text in one]))
def test_emoji_between_chinese_characters_do_not_count(text: str) -> None:
    """A picture between any two Chinese characters changes no phrase."""
    decorated = re.sub(r"(?<=[\u4e00-\u9fff])(?=[\u4e00-\u9fff])", "😀", text)
    assert phrases(decorated) == phrases(text)


def test_a_second_negation_takes_the_first_back() -> None:
    """Two negators leave a phrase as it is: 不慢 is no complaint, 不是不慢 is one."""
    assert (phrases("慢"), phrases("不慢"), phrases("不是不慢")) == (["慢"], [], ["慢"])
    assert phrases("并不是不稳定") == []
    assert phrases("没有一天不掉线") == ["掉线"]


def test_an_operators_own_lexicon_counts_alone() -> None:
    """A lexicon with one group finds its phrases and no other."""
    finder = WordFinder(Lexicon((WordGroup("own", complaints=("找不到门店",), praise=("near",)),)))
    assert [one.phrase for one in finder.find("找 不 到 门 店，而且慢")] == ["找不到门店"]
    assert [one.phrase for one in finder.find("the shop is not near")] == ["not near"]
    assert finder.lexicon.phrases == 2


@pytest.mark.parametrize("item", ["卡顿，", "卡顿、", "lag,"])
def test_the_longest_list_of_complaints_is_read(item: str) -> None:
    """A list that fills the longest feedback ends neither the stack nor the search."""
    assert len(phrases(item * (1_000 // len(item)))) == 1_000 // len(item)


@pytest.mark.soak
def test_long_texts_are_read_in_linear_time() -> None:
    """A text of 100,000 characters is read; its hits are as many as its complaints."""
    assert len(phrases("网速慢，" * 25_000)) == 25_000


OWN = WordFinder(
    Lexicon(
        (
            WordGroup(
                "own",
                complaints=("等了...小时", "won't let ... cancel", "慢", "坏", "延迟", "slow"),
                praise=("快", "fixed", "working"),
                missing=("没收到", "never got"),
                curable=True,
            ),
            WordGroup("manners", complaints=("态度恶劣", "rude"), praise=("耐心",)),
        )
    )
)


def own(text: str) -> list[str]:
    return [one.phrase for one in OWN.find(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("等了两个小时", ["等了...小时"]),
        ("等了不到两个小时", []),
        ("等了，两个小时", []),
        ("没等了两个小时", []),
        ("They won't let me cancel", ["won't let ... cancel"]),
    ],
)
def test_a_gap_lies_in_one_clause_and_holds_no_negator(text: str, found: list[str]) -> None:
    """The two parts of a phrase stand in one clause; a negator before or between them counts."""
    assert own(text) == found


@pytest.mark.parametrize(
    ("text", "complains"),
    [
        ("没收到验证码", True),
        ("不是没收到验证码", False),
        ("没收到坏的卡", False),
        ("I never got the code", True),
        ("I never got a slow page", False),
    ],
)
def test_what_is_missing_complains_unless_it_is_a_complaint(text: str, complains: bool) -> None:  # noqa: FBT001
    """A phrase of what is missing complains alone, and negates a complaint behind it."""
    assert bool(own(text)) == complains


@pytest.mark.parametrize(
    ("text", "complains"),
    [
        ("网慢，已经修好了", False),
        ("网慢，还没修好", True),
        ("网慢，请尽快修好", True),
        ("态度恶劣，已经修好了", True),
        ("以为会慢，结果很快", False),
        ("别家慢，你们快", False),
        ("昨天慢，现在快了", False),
        ("昨天慢，现在更慢", True),
        ("The net was slow, it was fixed", False),
        ("The net was slow, it was not fixed", True),
    ],
)
def test_a_trouble_that_is_over_is_no_complaint(text: str, complains: bool) -> None:  # noqa: FBT001
    """Troubles of curable groups are over once cured; fears and others' troubles are not told."""
    finder = WordFinder(
        Lexicon((*OWN.lexicon.groups, WordGroup("cures", praise=("修好",))), (), ())
    )
    assert bool(finder.find(text)) == complains


@pytest.mark.parametrize("mark", ["，", "。", "！", "…", "、", "😀", " ", "-", "*"])
def test_marks_between_all_characters_do_not_count(mark: str) -> None:
    """One mark between each two characters of a phrase is decoration."""
    assert own(mark.join("态度恶劣")) == ["态度恶劣"]
    assert own(mark.join("态度不恶劣")) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [("太度恶劣", ["态度恶劣"]), ("态度恶列", ["态度恶劣"]), ("廷迟", ["延迟"]), ("推迟", [])],
)
def test_a_character_that_looks_or_sounds_alike_is_a_slip(text: str, found: list[str]) -> None:
    """A slip is put right; a character that makes a common word is none."""
    assert own(text) == found


@given(st.sampled_from(["慢", "态度恶劣", "延迟"]))
def test_one_negator_takes_a_complaint_back_and_two_leave_it(phrase: str) -> None:
    """A phrase complains, 没有 before it takes it back, and 不是没有 leaves it."""
    found = [own(f"{before}{phrase}") for before in ("", "没有", "不是没有")]
    assert found == [[phrase], [], [phrase]]


@pytest.mark.parametrize("text", ["s l o w", "s.l.o.w", "so s l o w a b", "sl ow", "s-lo-w"])
def test_a_word_in_pieces_is_read(text: str) -> None:
    """Letters apart, with dots or in two pieces make the word that they spell."""
    assert own(text) == ["slow"]


@pytest.mark.parametrize("mark", ["!", "...", ". ", "?! "])
def test_marks_between_all_words_do_not_count(mark: str) -> None:
    """One mark between each two words is decoration, and ends no clause."""
    assert own(mark.join(["it", "is", "not", "slow"])) == []
    assert own("It is not. Slow it is, alas") == ["slow"]


def test_a_sign_inside_a_word_is_the_letter_that_it_looks_like() -> None:
    """An @ between letters is an a, and a dollar an s; a price stays a price."""
    finder = WordFinder(Lexicon((WordGroup("own", complaints=("garbage", "mess")),)))
    assert [one.phrase for one in finder.find("g@rbage, me$$ and 5$")] == ["garbage"]

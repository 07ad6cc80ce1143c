"""The contact policy in words: every reason and every rule has its sentence in zh and en."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest
from places import CONFIG

from nudge.config.documents.contact_file import load_contact
from nudge.domain.contact.contact import REASONS
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.contact.contact_words import REASON_SENTENCES, describe_policy
from nudge.domain.contact.pressure_rules import ContentLimit, RollingLimit, SequenceRule

CHINESE = re.compile(r"[一-鿿]")
DAY = 86_400.0


@pytest.fixture(scope="module")
def shipped() -> ContactPolicy:
    return load_contact(CONFIG)


def test_every_reason_has_a_sentence_in_both_languages() -> None:
    """No code comes out without words, and no words are of a code that is gone."""
    assert set(REASON_SENTENCES) == set(REASONS)
    for one in REASON_SENTENCES.values():
        assert one.keys() == {"zh", "en"}
        assert CHINESE.search(one["zh"])
        assert one["zh"].endswith("。")
        assert not CHINESE.search(one["en"])
        assert one["en"].endswith(".")
    for language in ("zh", "en"):
        assert len({one[language] for one in REASON_SENTENCES.values()}) == len(REASONS)


def test_each_rule_is_a_sentence(shipped: ContactPolicy) -> None:
    """A rule that is added adds one sentence in each language; both tell the same rules."""
    rules: list[dict[str, object]] = [
        {"limits": (RollingLimit(10, DAY),)},
        {"content": ContentLimit(1, DAY)},
        {"sequences": (SequenceRule("never_with", "promotion", "winback", 7 * DAY),)},
        {"sequences": (SequenceRule("not_after", "promotion", "payment_failed", math.inf),)},
        {"sequences": (SequenceRule("only_after", "winback", "content:spring", 3 * DAY),)},
    ]
    for language in ("zh", "en"):
        before = describe_policy(shipped, language)
        for rule in rules:
            after = describe_policy(replace(shipped, **rule), language)  # type: ignore[arg-type]
            assert len(set(after) - set(before)) == 1
            assert set(before) <= set(after)
    assert len(describe_policy(shipped, "zh")) == len(describe_policy(shipped, "en"))


@pytest.mark.parametrize(
    ("rule", "zh", "en"),
    [
        (
            {"limits": (RollingLimit(10, DAY),)},
            "任意连续 1 天内最多触达 10 次，所有渠道合计。",
            "At most 10 contacts within any 1 day, over all channels.",
        ),
        (
            {"limits": (RollingLimit(2, 60.0, frozenset({"sms"})),)},
            "任意连续 1 分钟内最多触达 2 次，渠道 sms。",
            "At most 2 contacts within any 1 minute, by sms.",
        ),
        (
            {"sequences": (SequenceRule("never_with", "promotion", "winback"),)},
            "「promotion」与「winback」不得发给同一客户。",
            "Never promotion together with winback for one visitor.",
        ),
        (
            {"sequences": (SequenceRule("not_after", "promotion", "payment_failed", 3 * DAY),)},
            "「payment_failed」之后 3 天内不得发送「promotion」。",
            "No promotion within 3 days after payment_failed.",
        ),
        (
            {"offers": frozenset({"spring", "gift"})},
            "目的 transactional 的消息不得携带决策位的方案，内容也不得是「gift」、「spring」。",
            "No variant of a slot goes out for transactional, and no content gift or spring.",
        ),
        (
            {"failed": "contact"},
            "回执为最终失败的短信同样算作触达。",
            "A message that failed for good, by its receipt, counts like any other.",
        ),
    ],
)
def test_a_rule_says_what_it_is(
    shipped: ContactPolicy, rule: dict[str, object], zh: str, en: str
) -> None:
    """With its numbers, for a product manager and for an engineer."""
    policy = replace(shipped, **rule)  # type: ignore[arg-type]
    assert zh in describe_policy(policy, "zh")
    assert en in describe_policy(policy, "en")

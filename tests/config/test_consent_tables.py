"""The tables `[replies]` and `[consent]` of the contact policy."""

from __future__ import annotations

from pathlib import Path

import pytest
from places import CONFIG

from nudge.config.documents.consent_tables import (
    describe_consent,
    load_proof_months,
    load_reply_reader,
)
from nudge.config.documents.contact_file import load_contact
from nudge.config.documents.message_texts import text_findings
from nudge.domain.contact.reply_words import REFUSALS
from nudge.domain.people.consent_proof import PROOF_MONTHS
from nudge.errors import InvalidConfigError

SHIPPED = (CONFIG / "contact.toml").read_text()


def written(directory: Path, text: str) -> Path:
    (directory / "contact.toml").write_text(text)
    (directory / "holidays.toml").write_text("")
    return directory


def without(*tables: str) -> str:
    """The shipped file without some of its tables."""
    lines, leaves = [], False
    for line in SHIPPED.splitlines():
        if line.startswith("["):
            leaves = line in {f"[{name}]" for name in tables}
        lines += [] if leaves else [line]
    return "\n".join(lines)


def test_the_shipped_file_says_what_holds_without_it(tmp_path: Path) -> None:
    """The words and months of the shipped file are those that hold where it says nothing."""
    assert load_reply_reader(CONFIG).refusals == REFUSALS
    assert load_proof_months(CONFIG) == PROOF_MONTHS
    bare = written(tmp_path, without("replies", "consent"))
    assert load_reply_reader(bare).refusals == REFUSALS
    assert load_proof_months(bare) == PROOF_MONTHS


def test_an_operator_s_words_and_months_hold(tmp_path: Path) -> None:
    """Words of the file take the place of the shipped ones, and months are as it says."""
    own = '\n[replies]\nrefusals = ["qx"]\n\n[consent]\nproof_months = 6\n'
    place = written(tmp_path, without("replies", "consent") + own)
    reader = load_reply_reader(place)
    assert reader.find_refusal("ＱＸ") == "qx"
    assert reader.find_refusal("td") is None
    assert load_proof_months(place) == 6


def test_without_the_file_the_shipped_words_hold(tmp_path: Path) -> None:
    """An installation without a contact policy hears refusals all the same."""
    assert load_reply_reader(tmp_path).find_refusal("td") == "td"
    assert load_proof_months(tmp_path) == PROOF_MONTHS


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("[replies]\nrefusals = []", "replies.refusals"),
        ('[replies]\nrefusals = ["。"]', "replies.refusals"),
        ("[replies]\nrefusals = [1]", "replies.refusals"),
        ("[consent]\nproof_months = 0", "consent.proof_months"),
        ("[consent]\nproof_months = 241", "consent.proof_months"),
        ('[consent]\nproof_months = "36"', "consent.proof_months"),
        ("[consent]\nmonths = 3", "consent.months"),
    ],
)
def test_what_does_not_fit_is_told_with_its_key(tmp_path: Path, table: str, key: str) -> None:
    """A problem names the file and the key, and says the cure."""
    place = written(tmp_path, f"{without('replies', 'consent')}\n{table}\n")
    with pytest.raises(InvalidConfigError) as error:
        load_reply_reader(place)
    assert any(key in one and ";" in one for one in error.value.problems), error.value.problems


def test_texts_name_purposes_of_the_file_and_have_tags_of_their_own(tmp_path: Path) -> None:
    """A text of a purpose that is not there, and two texts with one tag, are refused by key."""
    one = '\n[[texts]]\ncontent = "spring"\ntext = "x"\npurpose = "promotions"\n'
    place = written(tmp_path, SHIPPED + one * 2)
    with pytest.raises(InvalidConfigError) as error:
        load_contact(place)
    told = "\n".join(error.value.problems)
    assert "texts.spring.content: is given twice" in told
    assert "texts.spring.purpose: unknown purpose 'promotions'" in told


def test_the_shipped_policy_has_no_findings_on_texts() -> None:
    """The shipped policy has no texts: they are the operator's."""
    assert list(text_findings(CONFIG, load_contact(CONFIG), "zh")) == []


def test_replies_and_proofs_are_told_in_words() -> None:
    """The words in both languages name the first words of refusal and the months."""
    zh, en = (describe_consent(CONFIG, language) for language in ("zh", "en"))
    assert "r、t、n、td" in zh[0]
    assert "36 个月" in zh[1]
    assert f"({len(REFUSALS)} in all)" in en[0]
    assert "36 months" in en[1]

"""Runs of revisions in which the holdout is shown the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from report_traffic import SLOT

from nudge.domain.reports.holdout_runs import holdout_runs, newest_run, usual_runs
from nudge.domain.slots.operator_rule import OperatorRule
from nudge.domain.slots.slot import ComparisonTerms, Slot


def revision(number: int, **more: object) -> Slot:
    """The slot at a revision."""
    return replace(SLOT, revision=number, **more)  # type: ignore[arg-type]


def without(name: str) -> dict[str, object]:
    """The variants with one of them switched off."""
    return {"variants": tuple(replace(v, enabled=v.name != name) for v in SLOT.variants)}


def worth(name: str, value: object) -> dict[str, object]:
    """The variants with another value for one of them."""
    new = (replace(v, value=value if v.name == name else v.value) for v in SLOT.variants)
    return {"variants": tuple(new)}


@pytest.mark.parametrize(
    "more",
    [
        {"fallback": {"default": "b"}},
        {"fallback": {"default": "a", "home": "b"}},
        without("a"),
        worth("a", "another text"),
    ],
)
def test_f37_another_variant_for_the_holdout_begins_a_run(more: dict[str, object]) -> None:
    """Also where one page alone, or only the variant's value, becomes another."""
    runs = holdout_runs([revision(1), revision(2), revision(3, **more), revision(4, **more)])
    assert runs == {1: 1, 2: 1, 3: 3, 4: 3}


@pytest.mark.parametrize(
    "more", [{"holdout": 0.3}, {"title": "Two"}, without("b"), worth("b", "x"), {"floor": 0.01}]
)
def test_f37_any_other_change_goes_on_with_the_run(more: dict[str, object]) -> None:
    """A run goes by what the holdout is shown, and by nothing else."""
    assert holdout_runs([revision(2, **more), revision(1)]) == {1: 1, 2: 1}


def test_f37_a_change_that_was_taken_back_is_no_run_of_both_ends() -> None:
    """The same fallback before and after another one makes two runs."""
    other = {"fallback": {"default": "b"}}
    assert holdout_runs([revision(1), revision(2, **other), revision(3)]) == {1: 1, 2: 2, 3: 3}


def test_f37_only_the_newest_run_of_the_rows_is_pooled() -> None:
    """A report of an old period compares within the run of that period."""
    shares, runs = {1: 0.1, 2: 0.1, 3: 0.2, 4: 0.2}, {1: 1, 2: 1, 3: 3, 4: 3}
    assert newest_run([1, 2, 4], shares, runs) == {3: 0.2, 4: 0.2}
    assert newest_run([1, 2], shares, runs) == {1: 0.1, 2: 0.1}
    assert newest_run([], shares, runs) == {}


def ruled(text: str, share: float = 0.1) -> dict[str, object]:
    """The group `usual` under a rule."""
    return {"comparison": ComparisonTerms(OperatorRule.parse(text), share)}


@pytest.mark.parametrize(
    ("more", "same"),
    [
        (ruled("page:*=a,home=b", 0.3), True),
        (ruled("page:home=b,*=c"), False),
        (ruled("channel:home=b,*=a"), False),
        ({"comparison": None}, False),
        (ruled("page:home=b,*=a") | without("b"), False),
        (ruled("page:home=b,*=a") | worth("b", "another text"), False),
        (ruled("page:home=b,*=a") | without("c"), True),
        (ruled("page:home=b,*=a") | {"fallback": {"default": "b"}}, False),
    ],
)
def test_exposures_are_pooled_while_the_operator_s_rule_shows_the_same(
    more: dict[str, object],
    same: bool,  # noqa: FBT001 (parametrised)
) -> None:
    """Another share, or another order of the same rule, shows nobody something else."""
    first = revision(1, **ruled("page:home=b,*=a"))
    assert usual_runs([first, revision(2, **more)]) == {1: 1, 2: 1 if same else 2}

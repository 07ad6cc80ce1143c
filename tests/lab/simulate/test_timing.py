"""The learned timing of SMS in a world with a written truth, and what the benchmark counts by."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from places import ROOT

from bandits.inference.holdout import POLICY
from benchmarks import timing_months as timing
from benchmarks.moved_clock import LEASES, moved
from benchmarks.timing_world import Customers, answers, id_of
from nudge.config.documents.contact_file import load_contact
from nudge.domain.contact.contact_capacity import limit
from nudge.domain.slots.slot import TrialTerms
from nudge.domain.slots.window import SLOT
from nudge.domain.timing.plan_request import PlanAnswer
from nudge.store.wire.client import script

CONFIG = ROOT / "config"
MONTH = timing.period_of(0)


@pytest.fixture(scope="module")
def customers() -> Customers:
    return Customers.drawn(400, timing.reminder_windows(timing.shipped()), seed=2)


def _timing(number: int, send_at: float | None, window: str | None = None) -> PlanAnswer:
    return PlanAnswer(
        visitor_id=id_of(number),
        send_at=send_at,
        zone="Asia/Shanghai",
        decision_id=None,
        window=window,
        propensity=None,
        link_token=None,
        reason="policy" if send_at else "no_capacity",
        blocked={},
    )


def test_every_script_that_stamps_asks_the_moved_clock() -> None:
    """No script but those of leases asks the server for its time once it was moved."""
    directory = resources.files("nudge.store").joinpath("lua")
    names = [one.name.removesuffix(".lua") for one in directory.iterdir()]
    asking = [name for name in names if "'TIME'" in script(name).text]
    assert {"append_decisions", "append_once", "commit"} <= set(asking)
    for name in asking:
        changed = moved(script(name))
        assert "TIME" not in changed.text
        assert changed.sha != script(name).sha
    assert set(asking) >= LEASES


def test_the_hours_of_a_window_change_nothing(customers: Customers) -> None:
    """Three windows of each part of the month are equally good: of nine, three are the best."""
    by_part = customers.truths.reshape(-1, 3, 3)
    assert (by_part == by_part[:, :, :1]).all()
    best = customers.truths == customers.truths.max(axis=1, keepdims=True)
    assert (best.sum(axis=1) == 3).all()


def test_customers_have_the_same_luck_in_every_window(customers: Customers) -> None:
    """A customer who pays in a worse window pays in a better one; each payment follows its SMS."""
    paid = {}
    for window in ("mid_morning", "end_morning"):
        plans = [_timing(n, float(n + 1), window) for n in range(400)]
        told = answers(customers, plans, month=0, seed=3)
        assert [at for at, _ in told] == sorted(at for at, _ in told)
        sent = {one.visitor_id: at for at, one in told if one.type == "sms_sent"}
        paid[window] = {one.visitor_id for at, one in told if one.type == "paid"}
        assert all(at > sent[one.visitor_id] for at, one in told if one.type == "paid")
    assert paid["mid_morning"] < paid["end_morning"]


def test_a_short_gateway_carries_its_share_of_the_customers() -> None:
    """The month's open hours together have room for that many reminders, up to rounding.

    June 2026 has 30 days, of which three are off from the 19th on, and 13 hours a day: 351 hours.
    """
    policy = timing.short_of(load_contact(CONFIG), 0.3, 200_000, MONTH)
    most = limit(policy, "reminder", "sms")
    assert most is not None
    assert 351 * most == pytest.approx(60_000, abs=351)


def test_mobile_first_counts_whom_the_month_has_room_for(customers: Customers) -> None:
    """Planned for the next month, or not at all, is not in time."""
    end = timing.end_of(MONTH)
    times = {True: [end - 1.0, end - 2.0, end, None], False: [end - 1.0, None, None, end + 1.0]}
    plans = []
    for mobile, send_at in times.items():
        some = [p.number for p in customers.people if p.mobile_before == mobile][:4]
        plans += [_timing(n, at) for n, at in zip(some, send_at, strict=True)]
    found = timing.mobile_first(customers, plans, MONTH)
    assert (found.customers, found.mobile, found.others) == (8, 0.5, 0.25)


def test_a_month_is_judged_by_the_truth_of_what_was_given(customers: Customers) -> None:
    """All in one window have its mean; the holdout and who was not planned are left out."""
    names = customers.windows
    plans = [_timing(n, 1.0, "mid_morning") for n in range(100)]
    held = [_timing(n, 1.0, "end_morning")._replace(reason="holdout") for n in range(100, 120)]
    one = timing.Month.of(customers, [*plans, *held, _timing(120, None)], MONTH, names[6], 0.02)
    rows = customers.truths[:100]
    assert (one.planned, one.served) == (120, 100)
    assert one.given == pytest.approx(rows[:, names.index("mid_morning")].mean())
    assert one.shares["mid_morning"] == 1.0
    assert one.given < one.uniform < one.single <= one.personal
    # Nine windows at .02 take .18: of that a third falls on the best part of the month.
    floor = 0.82 * rows.max(axis=1) + 0.02 * rows.sum(axis=1)
    assert one.floor == pytest.approx(floor.mean())


def test_the_first_month_keeps_the_operator_s_window(tmp_path: Path) -> None:
    """Nothing is known yet: all but the trials get the month's end, and lose no more than those do.

    Trials are at most .05 of the plans, and .005 for the least of five windows: with whatever luck
    of 600 draws (four errors of a share of .06) the month keeps .90 of the operator's own window.
    """
    operator = next(iter(timing.played(tmp_path, 600, seed=4, every=40)))
    (first,) = operator.months
    assert first.shares["end_morning"] > 0.94 - 4.0 * np.sqrt(0.06 * 0.94 / first.served)
    assert first.given > 0.90 * first.fallback
    # What went out weeks behind its decision is in the report as well.
    counted = operator.service.sums(SLOT)
    assert counted.table.shown[POLICY] == first.served


def test_the_timing_is_learned(tmp_path: Path) -> None:
    """An operator whose own window is bad, and who allows many trials, is far better off later.

    The error is that of the mean truth over as many even draws: what is judged has no luck in it
    but that of the windows. Half of 1,000 plans are trials over nine windows: some 55 a month in
    each, with 7 payments at the month's end. No window takes over before it has had ten: after two
    months one of the three has, but for one of some thousand runs.
    """
    slot = timing.shipped()
    policy = {name: value for name, value in slot.policy.items() if name != "prior"}
    fallback = {**slot.fallback, "default": "mid_morning"}
    slot = replace(slot, policy=policy, fallback=fallback, trials=TrialTerms(0.5, 12))
    *_, operator = timing.played(tmp_path, 1_000, seed=4, every=40, slot=slot)
    first, _, last = operator.months
    truths = operator.customers.truths
    error = float(np.sqrt(truths.var(axis=1).mean() / last.served))
    assert last.given > first.given + 4.0 * error
    assert last.given > first.fallback + 4.0 * error
    assert last.given < last.personal

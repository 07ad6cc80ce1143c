"""Slot files: what is read, and what is said of what cannot be read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from nudge.config.slot_file import load_slots, parse_slot
from nudge.domain.slots.slot import Slot
from nudge.errors import InvalidConfigError

Table = dict[str, Any]
REMOVE = object()
GOOD = """slot = "a"
on = "shown"
stickiness = { period = "1d" }
reward = { event = "paid", window = "1d" }
fallback = { default = "x" }
[[variants]]
name = "x"
value = { title = { zh = "充值抽流量" } }
available = { starts = 2026-01-01T00:00:00+08:00, ends = 2026-02-01T00:00:00Z }
"""


def broken(table: Table, key: str, value: object) -> Table:
    """The table with the value at a dotted key (list places as numbers) replaced or removed."""
    *path, last = [int(part) if part.isdigit() else part for part in key.split("/")]
    place: Any = table
    for part in path:
        place = place[part]
    if value is REMOVE:
        del place[last]
    else:
        place[last] = value
    return table


def problems_of(table: object) -> list[str]:
    with pytest.raises(InvalidConfigError) as caught:
        parse_slot(table, "f.toml")  # type: ignore[arg-type]
    return caught.value.problems


def load(tmp_path: Path, **files: str) -> dict[str, Slot]:
    for name, text in files.items():
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    return load_slots(tmp_path)


def test_what_is_left_out_has_its_default(table: Table) -> None:
    """Revision 1, no title, no holdout, the floor min(.02, .2 / K), the default policy."""
    for key in ("holdout", "policy", "context"):
        del table[key]
    slot = parse_slot(table, "f.toml")
    assert (slot.revision, slot.title, slot.holdout, slot.context) == (1, "", 0.0, ())
    assert slot.policy == {"kind": "auto"}
    assert slot.floor == 0.02
    table["variants"] += [{"name": f"v{i}", "value": None} for i in range(18)]
    assert parse_slot(table, "f.toml").floor == pytest.approx(0.2 / 20)


def test_who_fixes_a_variant_means_it(table: Table) -> None:
    """A fixed policy has the floor 0 unless the file says otherwise."""
    table["policy"] = {"kind": "fixed", "arm": "100"}
    assert parse_slot(table, "f.toml").floor == 0.0


def test_one_meaning_has_one_form(table: Table) -> None:
    """Durations become seconds, cut points floats, categories text."""
    table["context"][0]["cells"] = [1, "2"]
    slot = parse_slot(table, "f.toml")
    assert (slot.terms.window, slot.stickiness.period) == (259200.0, 86400.0)
    assert [a.cells for a in slot.context] == [("1", "2"), (10.0, 30.0), ()]


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("slot", REMOVE, "slot: is missing; name the slot"),
        ("slot", "Denomination", "slot: 'Denomination' does not fit; begin with a-z"),
        ("slot", "a\n", "slot: 'a\\n' does not fit; begin with"),
        ("slot", "global", "slot: 'global' is reserved for the global holdout; use another"),
        ("slott", "x", "slott: is unknown; did you mean 'slot'?"),
        ("revision", 0, "revision: is out of range; write a whole number from 1 on"),
        ("revision", 1.5, "revision: is of the wrong type; write a whole number"),
        ("revision", True, "revision: is of the wrong type; write a whole number"),
        ("title", 5, "title: is of the wrong type; write a text"),
        ("on", "show", "on: 'show' is not allowed; did you mean 'shown'?"),
        ("holdout", 1.0, "holdout: 1.0 is out of range; write a share"),
        ("holdout", -0.1, "holdout: -0.1 is out of range; write a share"),
        ("holdout", "0.05", "holdout: is of the wrong type; write a share"),
        ("holdout", float("nan"), "holdout: is not finite; write a share"),
        ("floor", 0.51, "floor: 0.51 is out of range; use at most 1/2 = 0.5"),
        ("floor", -0.1, "floor: -0.1 is out of range; use at most"),
        ("floor", 0, "floor: 0 would leave variants untried; use 0.02"),
        ("stickiness", REMOVE, "stickiness: is missing; write [stickiness]"),
        ("stickiness", "1d", "stickiness: is not a table; write a table"),
        ("stickiness/period", 0, "stickiness.period: 0 is out of range; write a duration"),
        ("stickiness/period", "never", "stickiness.period: 'never' is out of range; write"),
        ("stickiness/period", "a day", "stickiness.period: 'a day' is not a duration; write"),
        ("stickiness/by", "page", "stickiness.by: is of the wrong type; list request fields"),
        ("stickiness/by", {"page": 1}, "stickiness.by: is of the wrong type; list"),
        ("stickiness/by", ["pag"], "stickiness.by[0]: 'pag' is not allowed; did you mean 'page'?"),
        ("free_amount", 5, "free_amount: is not a table; write a table"),
        ("free_amount", {"min": 1, "max": 5}, "free_amount.step: is missing; give the yuan"),
        ("free_amount", {"min": 9, "max": 5, "step": 1}, "free_amount.max: is below min = 9; gi"),
        ("free_amount", {"min": 0, "max": 5, "step": 1}, "free_amount.min: 0 is out of range; gi"),
        ("free_amount", {"min": 1, "max": 5, "step": 0}, "free_amount.step: 0 is out of range;"),
        ("free_amount", {"min": 1, "max": 5, "step": 0.001}, "free_amount.step: 0.001 is out of"),
        ("free_amount", {"min": 1, "max": "5", "step": 1}, "free_amount.max: is of the wrong ty"),
        ("free_amount", {"mim": 1, "max": 5, "step": 1}, "free_amount.mim: is unknown; did you"),
        ("comparison", "page:*=50", "comparison: is not a table; write a table"),
        ("comparison", {"share": 0.1}, "comparison.rule: is missing; write the operator's rule"),
        ("comparison", {"rule": 5}, "comparison.rule: is of the wrong type; write the operator's"),
        ("comparison", {"rule": "50"}, "comparison.rule: '' is not a part of a rule; write rule:"),
        ("comparison", {"rule": "page:*=5"}, "comparison.rule: unknown variant '5'; did you mean"),
        ("comparison", {"rule": "pge:*=50"}, "comparison.rule: unknown attribute 'pge'; did you"),
        ("comparison", {"rule": "page:a=50,a=50"}, "comparison.rule: a value is given twice; giv"),
        ("comparison", {"share": 1.0}, "comparison.share: 1.0 is out of range; write a share"),
        ("comparison", {"share": -0.1}, "comparison.share: -0.1 is out of range; write a share"),
        ("comparison", {"shar": 0.1}, "comparison.shar: is unknown; did you mean 'share'?"),
        ("affordable", 3, "affordable: is not a table; write a table"),
        ("affordable", {"multiple": 0.5}, "affordable.multiple: 0.5 is out of range; write a"),
        ("affordable", {}, "affordable.multiple: is missing; write how many times"),
        ("reward/event", "payd", "reward.event: 'payd' is not allowed; did you mean 'paid'?"),
        ("reward/event", "paid+clickd", "reward.event: 'clickd' is not allowed; did you mean 'cl"),
        ("reward/event", "paid + clicked", "reward.event: 'paid ' is not allowed; did you mean"),
        ("reward/event", "paid+", "reward.event: '' is not allowed; use one of paid"),
        ("reward/event", "paid|paid", "reward.event: 'paid|paid' repeats a type; name each"),
        ("reward/event", "paid|clicked+pay_tapped", "reward.event: 'paid|clicked+pay_tapped' mix"),
        ("reward/event", "shown", "reward.event: 'shown' is not allowed; use one of paid"),
        ("reward/objective", "money", "reward.objective: 'money' is not allowed; use one of"),
        ("reward/window", "8d", "reward.window: '8d' is out of range; write a duration up to 7"),
        ("reward/window", "0s", "reward.window: '0s' is out of range; write a duration"),
        ("reward/windw", "3d", "reward.windw: is unknown; did you mean 'window'?"),
        ("policy/kind", "auot", "policy.kind: 'auot' is unknown; use one of auto"),
        ("policy/half_life", "soon", "policy.half_life: 'soon' is not a duration; give seconds"),
        ("policy/halflife", "1d", "policy.halflife: is unknown; did you mean 'half_life'?"),
        ("policy/floor", 0.1, "policy.floor: is in the wrong place; write floor at the top"),
        ("policy", {"kind": "fixed"}, "policy.arm: is missing from a fixed policy; name the arm"),
        ("fallback/default", REMOVE, "fallback.default: is missing; name the variant"),
        ("fallback/home", "10", "fallback.home: unknown variant '10'; did you mean '100'?"),
        ("fallback/home", 100, "fallback.home: is not text; write a name in quotes"),
        ("context/0/name", "Channel", "context.Channel.name: 'Channel' does not fit; begin"),
        ("context/0/kind", "enum", "context.channel.kind: 'enum' is not allowed; use one of"),
        ("context/0/cells", REMOVE, "context.channel.cells: does not hold categories; list"),
        ("context/0/cells", ["1", 1], "context.channel.cells: repeats a category; list each once"),
        ("context/1/cells", [30, 10], "context.last_amount.cells: does not rise; list cut points"),
        ("context/1/cells", ["10"], "context.last_amount.cells: does not hold numbers; list"),
        ("context/2/cells", ["1"], "context.mobile_before.cells: a flag has no cells; leave"),
        ("context/2/name", "channel", "context.channel.name: is given twice; give each name once"),
        ("variants/0", 50, "variants[0]: is not a table; write a table"),
        ("variants/0/name", REMOVE, "variants[0].name: is missing; name the variant"),
        ("variants/0/name", "-50", "variants.-50.name: '-50' does not fit; begin with"),
        ("variants/1/name", "50", "variants.50.name: is given twice; give each name once"),
        ("variants/0/value", REMOVE, "variants.50.value: is missing; give what the page receives"),
        ("variants/0/value", [float("inf")], "variants.50.value: inf is not JSON; use a finite"),
        ("variants/0/value", 2**63, "variants.50.value: is too large; use whole numbers of 64"),
        ("variants/0/valu", 1, "variants.50.valu: is unknown; did you mean 'value'?"),
        ("variants/0/enabled", "yes", "variants.50.enabled: is of the wrong type; write true or"),
        ("variants/0/attributes", {"a": []}, "variants.50.attributes.a: list is not allowed here"),
        (
            "variants/1/available/channels",
            ["webb"],
            "variants.100.available.channels[0]: 'webb' is not allowed; did you mean 'web'?",
        ),
        (
            "variants/1/available/starts",
            "2026-01-01T00:00:00",
            "variants.100.available.starts: has no time zone; write 2026-09-21T00:00:00+08:00",
        ),
        (
            "variants/1/available",
            {"starts": 2e9, "ends": 1e9},
            "variants.100.available.ends: is not after its start; give a later",
        ),
    ],
)
def test_a_mistake_is_named_with_its_cure(
    table: Table, key: str, value: object, expected: str
) -> None:
    """File, dotted key, what is wrong; what would be right."""
    problems = problems_of(broken(table, key, value))
    assert any(line.startswith(f"f.toml: {expected}") for line in problems), problems
    assert all(re.fullmatch(r"f\.toml: \S+: .+; .+", line, re.DOTALL) for line in problems)


def test_revenue_needs_amounts(table: Table) -> None:
    """Only a payment has an amount to count."""
    table["reward"] |= {"objective": "revenue", "event": "clicked"}
    assert problems_of(table) == [
        'f.toml: reward.objective: revenue needs amounts; use "conversion", or event = "paid"'
    ]


@pytest.mark.parametrize("event", ["pay_tapped|paid", "prefill_kept+paid"])
def test_revenue_counts_the_payments_among_others(table: Table, event: str) -> None:
    """Other rewards bring no amount; the payments do."""
    table["reward"] |= {"objective": "revenue", "event": event}
    assert parse_slot(table, "f.toml").terms.event == event


@pytest.mark.parametrize("count", [0, 65])
def test_a_slot_has_1_to_64_variants(table: Table, count: int) -> None:
    """Nothing to choose from is a mistake; so is more than a snapshot carries."""
    table["variants"] = [{"name": str(i), "value": i} for i in range(count)]
    assert any("variants: has too few or too many; give 1 to 64" in p for p in problems_of(table))


def test_all_problems_are_told_at_once(table: Table) -> None:
    """One run shows every mistake, and a mistake hides no other."""
    table |= {"on": "x", "holdout": 2, "extra": 1}
    table["reward"]["window"] = "8d"
    table["variants"][1]["enabled"] = 1
    table["fallback"]["home"] = "7"
    keys = {line.split(": ")[1] for line in problems_of(table)}
    found = {"on", "holdout", "extra", "reward.window", "variants.100.enabled", "fallback.home"}
    assert keys == found


@pytest.mark.parametrize("nonsense", [[], None, "slot", {"variants": {"50": {}}}, {"policy": []}])
def test_nonsense_is_a_problem_and_no_crash(nonsense: object) -> None:
    """Whatever JSON arrives, the answer is a list of problems."""
    assert problems_of(nonsense)


def test_deep_values_are_refused(table: Table) -> None:
    """A value nested without end would stop the process that walks through it."""
    deep: object = 1
    for _ in range(500):
        deep = [deep]
    table["variants"][0]["value"] = deep
    assert "variants.50.value: is nested too deeply; nest at most" in problems_of(table)[0]


def test_a_directory_gives_its_slots_by_name(tmp_path: Path) -> None:
    """Every TOML file is a slot; other files are none; an editor's byte order mark is no matter."""
    (tmp_path / "README.md").write_text("no slot")
    slots = load(tmp_path, a="\ufeff" + GOOD, b=GOOD.replace('"a"', '"b"'))
    assert list(slots) == ["a", "b"]
    available = slots["a"].variants[0].availability
    assert (available.starts, available.ends) == (1767196800.0, 1769904000.0)


def test_a_file_is_named_as_its_slot(tmp_path: Path) -> None:
    """A slot's file is found by name."""
    with pytest.raises(InvalidConfigError, match=r"b\.toml: slot: 'a' is not .*; name the file a"):
        load(tmp_path, b=GOOD)


def test_syntax_errors_have_file_and_line(tmp_path: Path) -> None:
    """A text that is not TOML is refused with the place to look at."""
    with pytest.raises(
        InvalidConfigError, match=r"a\.toml: line 2, column 6: is not TOML: .*; cor"
    ):
        load(tmp_path, a='slot = "a"\non = \n')


def test_what_is_no_text_is_a_problem(tmp_path: Path) -> None:
    """A file in another encoding is named, with the cure."""
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidConfigError, match=r"a\.toml: cannot be read .*; save as UTF-8"):
        load_slots(tmp_path)


def test_one_bad_file_hides_no_other(tmp_path: Path) -> None:
    """The problems of all files come together."""
    with pytest.raises(InvalidConfigError) as caught:
        load(tmp_path, a="x", b=GOOD, c=GOOD.replace('"a"', '"c"').replace("paid", "payed"))
    assert [Path(line.split(": ")[0]).name for line in caught.value.problems] == [
        "a.toml",
        "b.toml",
        "c.toml",
    ]


def test_a_missing_directory_is_a_problem(tmp_path: Path) -> None:
    """Starting in the wrong place is told, and does not pass for a service without slots."""
    with pytest.raises(InvalidConfigError, match="no such directory"):
        load_slots(tmp_path / "none")

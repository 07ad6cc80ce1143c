"""Steps on many cases: a look changes nothing, then each case changes once."""

from __future__ import annotations

import io
from collections import Counter
from urllib.parse import urlencode

import pytest
from page_site import PageSite
from work_site import cases, fold, open_warnings, set_up

from nudge.pages.screens.work.outcome_file import read_rows


@pytest.fixture
def work(site: PageSite) -> PageSite:
    """A site with seven warnings."""
    set_up(site)
    open_warnings(site, 7)
    return site


def picked(site: PageSite, count: int = 4) -> list[tuple[str, str]]:
    return [("pick", one["id"]) for one in cases(site)[:count]]


def test_an_assignment_is_shown_before_it_is_done(work: PageSite) -> None:
    """The preview shares a team's cases out by load and changes nothing; the form does it."""
    client, chosen = work.client("admin", "en"), picked(work, 6)
    page = client.get(f"/work/many/assign?{urlencode([*chosen, ('to', 'care')])}").text
    assert "6 cases go to Care." in page
    assert not [one for one in cases(work) if one["assignee"]]
    form = {"pick": [name for _, name in chosen], "to": "care", "back": "/work?level=warning"}
    answer = client.post("/work/many/assign", data=form)
    assert (answer.status_code, answer.location) == (303, "/work?level=warning")
    fold(work)
    shares = Counter(one["assignee"] for one in cases(work))
    assert shares == {"agent": 4, "bo": 2, "": 1}
    assert "6 cases are assigned." in client.get("/work").text


def test_nothing_chosen_is_told(work: PageSite) -> None:
    """Without a case the list comes back and says what to do; without a name the page asks."""
    client = work.client("admin", "en")
    for what in ("assign", "close"):
        answer = client.get(f"/work/many/{what}?back=/warnings")
        assert (answer.status_code, answer.location) == (303, "/warnings")
    assert "tick the boxes" in client.get("/warnings").text
    page = client.get(f"/work/many/assign?{urlencode(picked(work))}").text
    assert "4 cases are chosen: say to whom they go." in page


def test_many_cases_are_closed_with_one_outcome(work: PageSite) -> None:
    """An outcome is needed; a case that is closed by then stays as it was."""
    client, chosen = work.client("agent", "en"), picked(work)
    page = client.get(f"/work/many/close?{urlencode(chosen)}").text
    assert "4 cases are closed with one outcome" in page
    form = {"pick": [name for _, name in chosen], "note": "told by the team"}
    answer = client.post("/work/many/close", data=form)
    assert (answer.status_code, "Choose the outcome first" in answer.text) == (422, True)
    assert client.post("/work/many/close", data=form | {"outcome": "stays"}).status_code == 303
    fold(work)
    closed = cases(work, "?state=closed")
    assert {one["id"] for one in closed} == {name for _, name in chosen}
    assert {one["steps"][-1]["who"] for one in closed} == {"agent"}
    client.post("/work/many/close", data=form | {"outcome": "unreachable"})
    fold(work)
    assert {one["outcome"] for one in cases(work, "?state=closed")} == {"stays"}
    assert "4 cases stay as they are" in client.get("/work").text


def test_an_agent_s_cases_are_handed_over(work: PageSite) -> None:
    """The preview counts them; who hands over to themselves is asked again."""
    client = work.client("admin", "en")
    ids = [name for _, name in picked(work)]
    client.post("/work/many/assign", data={"pick": ids, "to": "agent"})
    fold(work)
    assert "Choose somebody else" in client.get("/work/handover?from=agent&to=agent").text
    page = client.get("/work/handover?from=agent&to=bo").text
    assert "4 open cases of Agent one go to Agent two." in page
    assert len(cases(work, "?assignee=agent")) == 4
    assert client.post("/work/handover", data={"from": "agent", "to": "bo"}).status_code == 303
    fold(work)
    assert len(cases(work, "?assignee=bo")) == 4


def sent(site: PageSite, content: bytes, language: str = "en") -> tuple[int, str]:
    data = {"file": (io.BytesIO(content), "calls.csv")}
    answer = site.client("agent", language).post("/work/outcomes", data=data)
    return answer.status_code, answer.text


def test_outcomes_of_a_file_are_taken_once_and_errors_told_by_line(work: PageSite) -> None:
    """A spreadsheet's own encoding is read; a line that does not fit has its number and cure."""
    good, other, *_ = [one["id"] for one in cases(work)]
    lines = [
        "case;outcome;at;channel;reached;note;close",
        f"{good};stays;2026-01-01T10:00+08:00;call;true;同意续约;true",
        f"{other};gone;;;;;",
        "1-nothing;stays;;;;;",
        f"{other};;yesterday;call;;;",
    ]
    content = "\n".join(lines).encode("gb18030")
    status, page = sent(work, content)
    assert status == 200
    assert "1 rows taken, 0 known before, 3 left out." in page
    for words in (
        '<th scope="row" class="number">3</th>',
        "Write one of these outcomes: stays, unreachable.",
        "Give the id of a case that takes this step",
        "Write a past time such as",
    ):
        assert words in page
    fold(work)
    (closed,) = cases(work, "?state=closed")
    assert (closed["id"], closed["outcome"]) == (good, "stays")
    assert "0 rows taken, 1 known before, 3 left out." in sent(work, content)[1]
    assert "请填写过去的时间" in sent(work, content, "zh")[1]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty"),
        (b"id,outcome\n1,stays\n", "has no column"),
        (b"\xff\xfe\x00\x81\x00", "The file is no text"),
        (b'case,note\n1,"open\n', "Line 2 cannot be read"),
        (b"case\n" + b"1-a\n" * 5_001, "more than 5,000 rows"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_whole(
    work: PageSite, content: bytes, words: str
) -> None:
    """The page says what is wrong with the file, and takes nothing of it."""
    status, page = sent(work, content)
    assert (status, words in page) == (422, True), page
    assert not cases(work, "?state=closed")


def test_an_agent_imports_no_outcomes_of_others(work: PageSite) -> None:
    """A row under another agent's name is refused in words, and nothing of its part is taken."""
    name = cases(work)[0]["id"]
    status, page = sent(work, f"case,outcome,agent\n{name},stays,bo\n".encode())
    assert (status, "The file names other agents" in page) == (422, True)
    fold(work)
    assert cases(work)[0]["outcome"] == ""


def test_unknown_columns_and_empty_cells_are_left_out() -> None:
    """Only the columns of outcomes reach the API; a name with spaces is the same name."""
    (row,) = read_rows(b"\xef\xbb\xbf case ,phone,outcome\n 1-a ,13800138000,stays\n")
    assert row == (2, {"case": "1-a", "outcome": "stays"})


def test_a_mended_cause_is_declared_and_taken_back(work: PageSite) -> None:
    """The form names a fault and its time in the operator's zone; sent twice it is one."""
    client = work.client("admin", "en")
    form = {"method": "wallet", "since": "2026-11-28T18:00", "until": "2026-11-28T19:20"}
    for _ in range(2):
        answer = client.post("/winback/causes", data=form | {"why": "gateway is back"})
        assert (answer.status_code, answer.location) == (303, "/winback?mended=true")
    (cause,) = work.web.get("/v1/winback/causes").json["causes"]
    assert (cause["since"], cause["why"]) == ("2026-11-28T18:00:00+08:00", "gateway is back")
    page = client.get("/winback/causes").text
    assert "1 mended cause brings its people to the top of the list." in page
    assert "payment method wallet" in client.get("/winback/causes?format=csv").text
    assert client.post(f"/winback/causes/{cause['id']}/back").status_code == 303
    assert "Taken back" in client.get("/winback/causes").text
    client.post("/winback/causes/nothing/back")
    assert "This cause is not known any more." in client.get("/winback/causes").text


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"since": "2026-11-28T18:00"}, "Choose at least one of stage"),
        ({"method": "wallet"}, "Give the time when the fault began."),
        (
            {"method": "wallet", "since": "2026-11-28T18:00", "until": "2026-11-28T17:00"},
            "The fault has to begin before it ends.",
        ),
        ({"method": "wallet", "since": "soon"}, "Give the time when the fault began."),
    ],
)
def test_a_cause_that_does_not_fit_is_asked_again(
    work: PageSite, form: dict[str, str], words: str
) -> None:
    """The page keeps what was typed and says what to mend."""
    answer = work.client("admin", "en").post("/winback/causes", data=form)
    assert (answer.status_code, words in answer.text) == (422, True), answer.text
    assert all(f'value="{value}"' in answer.text for value in form.values())

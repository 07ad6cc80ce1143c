"""The system over HTTP: rows with a state and a sentence, and what they keep to themselves."""

from __future__ import annotations

import re
from typing import Any

import pytest
from api_web import Web
from places import ROOT

from nudge.domain.system.store_rows import store_rows
from nudge.domain.system.system_row import Part, RowState, SystemRow
from nudge.domain.system.work_rows import fold_row, policy_row, spool_row, worst
from nudge.errors import StoreAwayError
from nudge.store.jobs.jobs import Inquiry
from nudge.store.keeping.work_figures import JOB_KINDS
from nudge.workers.reports.answers import Answers


def test_each_part_has_rows_with_a_sentence_in_both_languages(web: Web) -> None:
    """Store, folds, policies, questions, lake and notices; no worker runs here, which is broken."""
    found: Any = web.get("/v1/system").json
    rows = found["rows"]
    assert {row["part"] for row in rows} == {str(one) for one in Part} - {"spool"}
    assert all(row["zh"] and row["en"] for row in rows)
    folds = {row["name"]: row["state"] for row in rows if row["part"] == "folds"}
    assert set(folds.values()) == {"broken"}
    broken = sum(row["state"] == "broken" for row in rows)
    assert found["en"] == f"{broken} things do not work; 0 more to look at."
    assert found["versions"]["slots"]["banner"] == 1


def test_every_link_leads_to_a_section_of_the_runbook() -> None:
    """Each part has its anchor in docs/operations.md, and the document has no other."""
    text = (ROOT / "docs" / "operations.md").read_text("utf-8")
    anchors = set(re.findall(r'<a id="(system-\w+)"></a>', text))
    assert anchors == {f"system-{part}" for part in Part}
    row = SystemRow(Part.FOLDS, "learn", RowState.OK, {"zh": "", "en": ""})
    assert row.link == "docs/operations.md#system-folds"


def test_keys_are_told_to_admins_without_secrets(web: Web) -> None:
    """Another reader gets null; nobody gets a secret or its digest."""
    assert web.get("/v1/system").json["keys"] is None  # type: ignore[index]
    key = web.key("read", "admin")
    text = web.http.get("/v1/system", headers={"Authorization": f"Bearer {key}"}).text
    assert '"key_id"' in text
    for one in web.service.store.api_keys.list_keys():
        assert one.digest not in text
        assert one.key_id in text
    assert not any(secret in text for secret in (*web.secrets.values(), key))


def test_without_the_store_it_still_answers(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """One row says that the store does not answer, and what happens meanwhile."""
    web.get("/v1/system")

    def away(*_: object, **__: object) -> None:
        raise StoreAwayError("away")

    monkeypatch.setattr(web.service.questions.store.client, "memories", away)
    found: Any = web.get("/v1/system").json
    (row,) = found["rows"]
    assert (row["part"], row["state"]) == ("store", "broken")
    assert found["versions"]["nudge"]


def test_a_failed_question_is_told_in_words(web: Web) -> None:
    """The newest message of each kind, and how many failed; older than an hour is forgotten."""
    jobs = web.service.store.jobs
    for name in ("a", "b"):
        jobs.ask(Inquiry(name, "funnel", {}, name))
        ticket = jobs.take("funnel", 10.0)
        assert ticket is not None
        jobs.fail(ticket, "lake_broken", f"the lake cannot be read ({name})")
    rows: Any = web.get("/v1/system").json["rows"]  # type: ignore[index]
    (row,) = [one for one in rows if (one["part"], one["name"]) == ("jobs", "funnel")]
    assert row["state"] == "attention"
    assert row["figures"]["failed"] == 2
    assert "the lake cannot be read (b)" in row["en"]


def test_every_kind_of_question_is_counted(web: Web) -> None:
    """The kinds whose jobs are counted, and that the document names, are the workers' own."""
    settings = web.service.settings
    kinds = Answers(web.service.store, settings).kinds
    assert {one.name for one in kinds} == set(JOB_KINDS)


def test_states_follow_from_figures() -> None:
    """A fold behind by minutes needs a look, by a quarter of an hour it is broken; so the store."""
    assert fold_row("learn", 0, 0.0, 8).state is RowState.OK
    assert fold_row("learn", 5, 120.0, 8).state is RowState.ATTENTION
    assert fold_row("learn", 5, 1200.0, 8).state is RowState.BROKEN
    assert fold_row("archive", 5, 1200.0, 8).state is RowState.OK, "the lake is written in blocks"
    assert fold_row("learn", 0, 0.0, 0).state is RowState.BROKEN, "nobody runs it"
    assert policy_row("banner", 1e6, "").state is RowState.OK, "nothing changed for days"
    assert policy_row("banner", 5.0, "numeric").state is RowState.BROKEN
    assert [spool_row("p", used).state for used in (0.0, 0.1, 0.6)] == list(RowState)
    full = list(store_rows(90, 100, 0.9, 0.8, evicts=False, writes=False))
    assert [one.state for one in full] == [RowState.OK, RowState.ATTENTION, RowState.BROKEN]


def test_the_verdict_counts_what_needs_somebody() -> None:
    """All is well, something needs a look, something is broken: one sentence each."""
    fine, look = fold_row("learn", 0, 0.0, 8), fold_row("learn", 5, 120.0, 8)
    assert worst([fine]) == {"zh": "一切正常。", "en": "All is well."}
    assert worst([fine, look])["en"] == "1 thing needs a look; nothing is broken."
    assert worst([fold_row("learn", 0, 0.0, 0), look])["zh"] == "有 1 项不正常，1 项需要关注。"

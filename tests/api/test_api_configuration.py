"""An applied configuration is followed by web, planner, worker and commands alike."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from api_web import Web
from places import ROOT

from nudge.config.documents.document import find_documents, plan_documents
from nudge.config.slot_change import Edit
from nudge.config.table_file import ConfigTables
from nudge.flows.upkeep.setup.apply_documents import apply_documents, check_documents
from nudge.wiring.command import Installation
from nudge.workers.configuration_follower import ConfigurationFollower

LOTTERY = '\n[[purposes]]\nname = "lottery"\npriority = 5\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "config", tmp_path / "config"))


def apply(web: Web, directory: Path) -> None:
    store, settings = web.service.store, web.service.settings
    current = store.documents.current()
    texts = find_documents(directory, current)
    changes = plan_documents(current, texts, ConfigTables(directory))
    check_documents(settings, directory, current, changes)
    apply_documents(store, changes, Edit("test", "", 1.0))


def test_o06_everybody_follows_what_is_applied(web: Web, config: Path) -> None:
    """Purposes, caps, segments change in the running web, in a worker and in the next command."""
    service = web.service
    follower = ConfigurationFollower(service.patient, service.settings)
    ask = {"visitor_id": "v-1", "purpose": "lottery"}
    key = web.secrets["schedule"]
    before = follower.current()
    planner, decider = service.planner, service.decider
    assert web.post("/v1/sms/timings", ask, key).status_code == 422
    text = (config / "contact.toml").read_text().replace("month = 4", "month = 5", 1)
    (config / "contact.toml").write_text(text + LOTTERY)
    (config / "segments.toml").write_text(
        '[[tier]]\nname = "all"\nwhen = { attribute = "payments", above = -1 }\n'
    )
    apply(web, config)
    service.refresh()
    assert web.post("/v1/sms/timings", ask, key).status_code == 200
    assert service.planner.calendar.policy.caps.month == 5
    assert list(service.decider.segments) == ["tier"]
    assert (service.planner is planner, service.decider is decider) == (False, False)
    assert service.decider.spool is decider.spool
    command = Installation(service.settings, service.patient)
    assert command.planner.calendar.policy.caps.month == 5
    assert "lottery" in command.rules.purposes.words
    follower._due = 0.0
    now = follower.current()
    assert (before.contact.caps.month, now.contact.caps.month) == (4, 5)
    assert follower.current() is now


def test_o06_a_document_that_cannot_be_read_changes_nothing(web: Web) -> None:
    """As a newer version may have written it: the configuration in memory stays, and is told."""
    service = web.service
    service.refresh()
    before = service.configuration
    text = before.tables.place("contact.toml").read_text()
    texts = {"contact.toml": 'future = "words"\n' + text}
    changes = plan_documents({}, texts, ConfigTables(service.settings.config_dir))
    apply_documents(service.store, changes, Edit("newer", "", 1.0))
    service.refresh()
    assert service.configuration is before
    web.decide()

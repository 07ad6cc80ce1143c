"""The official JavaScript providers: lifecycle, polling, changes, refusals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from api_web import listening
from child_processes import free_port
from flag_clients import NodeClient, node_client
from ofrep_site import FlagSite, flag_site

from nudge.clock import now
from nudge.config.slot_change import Edit, plan
from nudge.domain.slots.slot import SlotMode
from nudge.flows.upkeep import apply as applying
from nudge.settings.flag_terms import FlagTable
from nudge.settings.rate import Rate
from nudge.settings.settings import Settings

VISITOR = {"targetingKey": "v-1", "channel": "app", "page": "home"}
CHANGED = "PROVIDER_CONFIGURATION_CHANGED"
NOT_MODIFIED, TOO_MANY = 304, 429
WAIT = 20_000
"""Milliseconds: a busy machine is slow; nothing waits so long."""


@contextmanager
def page(
    site: FlagSite, directory: Path, key: str = "", kind: str = "web", **options: Any
) -> Iterator[NodeClient]:
    """A page, or a server, with the official provider."""
    with (
        listening(site.web) as url,
        node_client(
            directory, kind, url, key or site.web.secrets["decide"], context=VISITOR, **options
        ) as client,
    ):
        yield client


def test_a_page_polls_and_is_answered_304(site: FlagSite, tmp_path: Path) -> None:
    """The web provider sends its tag back: answers that stand cost no body and no record."""
    with page(site, tmp_path, pollInterval=20) as client:
        assert client.started["status"] == "READY"
        seen = client.tell(op="until", status=NOT_MODIFIED, times=3, ms=WAIT)
    assert seen["found"]
    assert [one["status"] for one in seen["calls"]][:2] == [200, 304]
    assert all(one["tag"] for one in seen["calls"][1:])
    assert not [one for one in seen["events"] if one["name"] == CHANGED]
    assert len(site.decisions()) == 4
    assert {one.channel for one in site.decisions()} == {"app"}


def test_a_change_is_signalled_and_applied(site: FlagSite, tmp_path: Path) -> None:
    """A slot that is switched off reaches the page with the next poll, named as changed."""
    service = site.web.service
    slot = service.catalogue().slots["banner"].slot
    with page(site, tmp_path, pollInterval=20) as client:
        off = replace(slot, revision=2, mode=SlotMode.OFF, fallback={"default": "video"})
        applying.apply(
            service.store, plan({"banner": slot}, {"banner": off}), Edit("test", "off", now())
        )
        service.refresh()
        seen = client.tell(op="until", event=CHANGED, ms=WAIT)
        told = client.details("Object", "banner", {}, VISITOR)
    assert seen["found"]
    (changed,) = [one["flags"] for one in seen["events"] if one["name"] == CHANGED]
    assert "banner" in changed
    assert (told["variant"], told["reason"]) == ("video", "DEFAULT")
    assert told["flagMetadata"]["fallback"] is True


def test_a_page_reports_what_it_showed(site: FlagSite, tmp_path: Path) -> None:
    """The decision id of the metadata is what `shown` and `clicked` name."""
    with page(site, tmp_path) as client:
        told = client.details("Integer", "denomination", 0, VISITOR)
    shown = {"event_id": "e-1", "type": "shown"}
    shown |= {"decision_id": told["flagMetadata"]["decision_id"]}
    assert site.web.send(shown)["accepted"] == 1


def test_typed_flags_reach_a_page(settings: Settings, tmp_path: Path) -> None:
    """Kinds of `[ofrep] slots` are the types of the SDK: nothing is a mismatch."""
    flags = settings_flags()
    with (
        flag_site(replace(settings, ofrep_slots=flags)) as site,
        page(site, tmp_path) as client,
    ):
        boolean = client.details("Boolean", "banner", False, VISITOR)
        text = client.details("String", "prefill", "", VISITOR)
        number = client.details("Integer", "denomination", 0, VISITOR)
        other = client.details("Boolean", "denomination", True, VISITOR)
    assert boolean["value"] is True
    assert text["value"] == text["variant"]
    assert number["value"] == int(number["variant"])
    assert (other["value"], other["errorCode"]) == (True, "TYPE_MISMATCH")


def settings_flags() -> Any:
    """Flags of three kinds, of shipped slots."""
    yes = dict.fromkeys(("data_draw", "triple_gift", "coffee", "video"), True)
    table = {
        "banner": {"kind": "boolean", "values": yes},
        "prefill": {"kind": "string"},
        "denomination": {"kind": "number"},
    }
    return FlagTable().deserialize(table)


def test_a_wrong_key_is_an_error_and_defaults_stand(site: FlagSite, tmp_path: Path) -> None:
    """A page whose key was revoked goes on with the defaults of its code."""
    with page(site, tmp_path, key="k" * 40) as client:
        told = client.details("Integer", "denomination", 50, VISITOR)
    assert client.started["status"] in {"ERROR", "FATAL"}
    assert (told["value"], told["reason"]) == (50, "ERROR")


def test_nobody_there_is_an_error_and_defaults_stand(site: FlagSite, tmp_path: Path) -> None:
    """Without a service the provider settles into an error, promptly, and the page works."""
    with node_client(
        tmp_path, "web", f"http://127.0.0.1:{free_port()}", "k" * 40, context=VISITOR
    ) as client:
        told = client.details("Integer", "denomination", 50, None)
    assert client.started["status"] == "ERROR"
    assert (told["value"], told["reason"]) == (50, "ERROR")
    assert site.decisions() == []


def test_a_service_that_goes_away_is_signalled_and_values_stay(
    site: FlagSite, tmp_path: Path
) -> None:
    """The web provider says that it is stale, and goes on with what it had."""
    key = site.web.secrets["decide"]
    with ExitStack() as stack:
        with listening(site.web) as url:
            client = stack.enter_context(
                node_client(tmp_path, "web", url, key, context=VISITOR, pollInterval=20)
            )
            before = client.details("Integer", "denomination", 7, None)
        seen = client.tell(op="until", event="PROVIDER_STALE", ms=WAIT)
        after = client.details("Integer", "denomination", 7, None)
    assert seen["found"]
    assert after["value"] == before["value"]
    assert before["flagMetadata"] == after["flagMetadata"]


def test_without_a_visitor_a_page_has_its_defaults(site: FlagSite, tmp_path: Path) -> None:
    """A context without a targeting key gives no flags, and no decision."""
    with (
        listening(site.web) as url,
        node_client(tmp_path, "web", url, site.web.secrets["decide"], context={}) as client,
    ):
        told = client.details("Integer", "denomination", 50, None)
    assert client.started["status"] == "ERROR"
    assert (told["value"], told["reason"]) == (50, "ERROR")
    assert site.decisions() == []


def test_a_limit_pauses_a_server(settings: Settings, tmp_path: Path) -> None:
    """429 with Retry-After: the server provider asks no more until then, and defaults stand."""
    few = replace(settings, limits_address=Rate(0.001, 1))
    with flag_site(few) as site, page(site, tmp_path, kind="server") as client:
        told = [
            client.details("Integer", "denomination", 7, {"targetingKey": f"w-{i}"})
            for i in range(4)
        ]
        calls = client.tell(op="until", status=TOO_MANY, times=1, ms=WAIT)["calls"]
    assert told[0]["flagMetadata"]["decision_id"]
    assert [(one["value"], one["reason"]) for one in told[1:]] == [(7, "ERROR")] * 3
    assert [one["status"] for one in calls] == [200, TOO_MANY]


def test_a_limit_pauses_a_page(settings: Settings, tmp_path: Path) -> None:
    """The web provider stops polling until Retry-After is over, and keeps what it had."""
    few = replace(settings, limits_address=Rate(0.001, 1))
    with flag_site(few) as site, page(site, tmp_path, pollInterval=10) as client:
        assert client.tell(op="until", status=TOO_MANY, times=1, ms=WAIT)["found"]
        assert not client.tell(op="until", status=TOO_MANY, times=2, ms=200)["found"]
        told = client.details("Integer", "denomination", 7, None)
    assert told["flagMetadata"]["decision_id"]

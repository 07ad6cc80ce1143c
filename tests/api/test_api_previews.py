"""POST /v1/slots/{slot}/previews and GET .../revisions/{revision}: looks before a change."""

from __future__ import annotations

from typing import Any

import pytest
from api_web import Web, bearer
from test_api_model import publish

from nudge.api.schemas.previews import PreviewSchema
from nudge.config.slot_edit import patch_change

SLOT = "/v1/slots/banner"
STOP = {"variants": {"coffee": {"enabled": False}}}
FALLBACK = {"mode": "frozen", "frozen_serves": "fallback"}


def preview(web: Web, **asked: object) -> Any:
    """The answer of a preview with a reader's key."""
    found = web.post(f"{SLOT}/previews", asked, web.secrets["read"])
    assert found.status_code == 200, found.text
    told: Any = found.json
    assert not PreviewSchema().validate(told)
    return told


def refused(web: Web, **asked: object) -> Any:
    """The errors of a preview that is refused."""
    found = web.post(f"{SLOT}/previews", asked, web.secrets["read"])
    assert found.status_code == 422, found.text
    told: Any = found.json
    return told["errors"]


def slot_of(web: Web, path: str = SLOT) -> Any:
    """The answer of a GET with a reader's key."""
    found = web.get(path)
    assert found.status_code == 200, found.text
    return found.json


def patch(web: Web, body: object, path: str = SLOT) -> None:
    """Change the slot, whatever revision it has."""
    headers = bearer(web.secrets["admin"]) | {"If-Match": "*"}
    assert web.http.patch(path, json=body, headers=headers).status_code == 200


def test_a_stopped_variant_moves_those_who_see_it(web: Web) -> None:
    """The share that moves is what the stopped variant had; the others share it, and all is one."""
    publish(web)
    told = preview(web, patch=STOP)
    assert sum(told["before"].values()) == pytest.approx(1.0)
    assert sum(told["after"].values()) == pytest.approx(1.0)
    assert told["after"]["coffee"] == 0.0 < told["before"]["coffee"]
    assert told["moved"] == pytest.approx(told["before"]["coffee"])
    assert told["visitors"] == 4000
    assert "variants.coffee.enabled: True -> False" in told["diff"]
    assert told["sentence"]["en"].endswith("of visitors would see something else.")


def test_a_preview_is_what_the_change_then_does(web: Web) -> None:
    """The shares after a change are those that the preview named, and a preview changes nothing."""
    publish(web)
    told = preview(web, patch=STOP)
    assert slot_of(web)["revision"] == told["revision"]
    patch(web, STOP)
    assert preview(web, patch={"title": "Another"})["before"] == pytest.approx(told["after"])


def test_a_stopped_variant_has_no_share_now(web: Web) -> None:
    """The totals tell a share of zero before the next publication, of a frozen slot too."""
    publish(web)
    patch(web, STOP | {"mode": "frozen"})
    told = slot_of(web, f"{SLOT}/performance")["variants"]
    shares = {one["variant"]: one["share_now"] for one in told}
    assert shares["coffee"] == 0.0
    assert sum(shares.values()) == pytest.approx(1.0)


def test_the_fallback_for_all_leaves_those_who_see_it_already(web: Web) -> None:
    """Visitors who are held out, or were drawn the fallback, see the same as before."""
    publish(web)
    told = preview(web, patch=FALLBACK)
    assert told["after"]["data_draw"] == pytest.approx(1.0)
    assert told["moved"] == pytest.approx(1.0 - told["before"]["data_draw"])


def test_a_larger_holdout_moves_only_its_new_members(web: Web) -> None:
    """Membership is nested: who was held out stays so."""
    publish(web)
    now = slot_of(web)["holdout"]
    told = preview(web, patch={"holdout": now + 0.1})
    assert 0.0 < told["moved"] < 0.1
    assert preview(web, patch={"title": "Another"})["moved"] == 0.0


def test_another_choice_of_variants_is_told_by_its_first_policy(web: Web) -> None:
    """A policy of other variants is not served: the first one is until the next is published."""
    publish(web)
    told = preview(web, patch={"variants": {"cinema": {"value": "c"}}})
    assert told["after"]["cinema"] > 0.0
    assert "cinema" not in told["before"]


def test_a_version_of_the_policy_is_previewed(web: Web) -> None:
    """Another version tells its shares; to let go is told as not known before the learner says."""
    publish(web)
    publish(web)
    told = preview(web, policy_version=1)
    assert (told["action"], told["moved"]) == ("update", pytest.approx(0.0))
    assert preview(web, policy_version=None)["action"] == "unchanged"
    kept = slot_of(web, f"{SLOT}/policy")
    assert [one["version"] for one in kept["published"]] == kept["versions"] == [1, 2]
    assert kept["held"] is None
    assert all(one["at"] for one in kept["published"])
    patch(web, {"version": 1}, f"{SLOT}/policy")
    assert slot_of(web, f"{SLOT}/policy")["held"]["version"] == 1
    loose = preview(web, policy_version=None)
    assert (loose["after"], loose["moved"]) == (None, None)
    assert preview(web, policy_version=1)["action"] == "unchanged"
    assert "version" in refused(web, policy_version=9)


def test_a_revision_is_shown_and_previewed(web: Web) -> None:
    """The content of a revision is what PUT brings back, and its preview says so before."""
    old = slot_of(web, f"{SLOT}/revisions/1")
    patch(web, STOP)
    assert slot_of(web, f"{SLOT}/revisions/1") == old
    told = preview(web, revision=1)
    assert "variants.coffee.enabled: False -> True" in told["diff"]
    assert preview(web, revision=2)["action"] == "unchanged"
    for unknown in ("9", "0", "x", "-1", "999999999999999"):
        assert web.get(f"{SLOT}/revisions/{unknown}").status_code == 404
    assert web.get("/v1/slots/none/revisions/1").status_code == 404


def test_a_preview_refuses_what_the_change_would(web: Web) -> None:
    """The errors are those of PATCH, and one way to change is asked for."""
    assert "variants.data_draw.enabled" in refused(
        web, patch={"variants": {"data_draw": {"enabled": False}}}
    )
    assert "holdout" in refused(web, patch={"holdout": 2})
    assert "patch" in refused(web)
    assert "patch" in refused(web, patch=STOP, revision=1)
    assert "revision" in refused(web, revision="one")
    assert "patch" in refused(web, patch=[1])
    assert (
        web.post("/v1/slots/none/previews", {"patch": {}}, web.secrets["read"]).status_code == 404
    )
    assert web.post(f"{SLOT}/previews", {"patch": {}}, web.secrets["decide"]).status_code == 403


def test_before_the_first_policy_the_first_rule_is_previewed(web: Web) -> None:
    """Without a snapshot the shares are those of an unknown visitor, counted over nobody."""
    told = preview(web, patch=STOP)
    assert told["visitors"] is None
    assert told["moved"] == pytest.approx(told["before"]["coffee"])


def test_an_edit_names_the_slot_of_its_table(web: Web) -> None:
    """A patch that renames the slot is refused with the field."""
    assert "slot" in refused(web, patch={"slot": "other"})
    slot = web.service.latest().slots["banner"].slot
    assert patch_change(slot, {}).action == "unchanged"

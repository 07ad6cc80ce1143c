"""One scrape of the web tells of web and workers."""

from __future__ import annotations

import re
import urllib.request

from child_processes import eventually
from e2e_service import Service
from places import ROOT

TABLE = re.compile(r"^\| (`nudge_[^|]*) \|", re.MULTILINE)


def families(text: str) -> set[str]:
    return set(re.findall(r"^# TYPE (nudge_\w+) ", text, re.MULTILINE))


def scrape(service: Service) -> str:
    with urllib.request.urlopen(f"{service.url}/metrics", timeout=10) as answer:  # noqa: S310 - loopback
        return str(answer.read().decode())


def test_o03_every_figure_of_the_table_is_told_and_no_other(service: Service) -> None:
    """The documented families are those of a scrape; each fold has a worker, and its lag ends."""
    page = (ROOT / "docs" / "operations.md").read_text()
    documented = set(re.findall(r"`(nudge_\w+)`", " ".join(TABLE.findall(page))))
    body = {"visitor_id": "metrics", "channel": "web", "page": "home", "slots": ["banner"]}
    service.api.post("/v1/decisions", body)
    told = families(scrape(service))
    assert told <= documented
    # A counter with labels appears with its first count.
    assert {one for one in documented - told if not one.endswith("_total")} == set()
    folds = ("attribute", "learn", "archive", "monitor", "care", "segment")
    up = {f'nudge_worker_up{{fold="{fold}"}} 1.0' for fold in folds}
    assert eventually(lambda: up <= set(scrape(service).splitlines()), 60)
    done = {f'nudge_fold_lag_seconds{{fold="{fold}"}} 0.0' for fold in folds}
    assert eventually(lambda: done <= set(scrape(service).splitlines()), 60)
    assert 'nudge_configuration_revision{document="contact.toml"} 1.0' in scrape(service)

"""A running demonstration with a short history, an open alarm, and an admin in a browser."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from browsers import open_browser
from child_processes import free_port
from e2e_service import Service, environ_of, serving
from places import ROOT
from playwright.sync_api import Browser
from screen_checks import Screen, tab_of

from nudge import clock
from nudge.domain.alarms.alarm import Alarm, AlarmAction, AlarmLevel, AlarmPart, AlarmStep
from nudge.domain.alarms.quarantine import QuarantineNote, QuarantineScope
from nudge.flows.upkeep import quarantine
from nudge.processes import embedded
from nudge.settings.settings import load
from nudge.store.service.alarms import StoredAlarm
from nudge.store.store import Store
from nudge.wiring.command import open_installation

HISTORY: Final = ("--days", "3", "--visitors", "200", "--customers", "150")
"""A history whose outage an alarm finds takes a minute of a core: `tests/lab/history` has one."""
OPTIONS: Final = ("--demo", "--data-dir")
"""Without the second one a demonstration has a directory of its own beside the service's."""
ALARM: Final = "9f2c4e1ab0d37756"
SAID: Final = "支付宝支付成功率从 92% 降到 11%，其他支付方式没有变化。"
ADMIN: Final = "wang.min"
KNOWN: Final = "buyer-1"
"""A visitor who has paid once, and agreed to nothing."""
WORD: Final = "three short words"


@dataclass
class Demo:
    """A demonstration.

    Attributes:
        service: its processes.
        browser: for all tabs.
        signed: cookies of the admin.
    """

    service: Service
    browser: Browser
    signed: Any

    @contextmanager
    def tab(self) -> Iterator[Screen]:
        """A tab of the admin, on the overview; at its end nothing may have gone wrong."""
        context = self.browser.new_context(storage_state=self.signed)
        with tab_of(context, self.service.url) as screen:
            screen.open("/?lang=zh")
            yield screen


@contextmanager
def demonstrating() -> Iterator[Demo]:
    """A demonstration until the end of the block; its first admin has signed in by the link."""
    # pytest's own directories are too deep for the path of a unix socket.
    with tempfile.TemporaryDirectory(prefix="nudge-demo-") as directory:
        data, port = Path(directory) / "data", free_port()
        environ = environ_of(data, port)
        _make_history(environ)
        _add_alarm(environ)
        with (
            serving(data, port, *OPTIONS, str(data), NUDGE_PUBLISH_EVERY="5") as service,
            open_browser() as browser,
        ):
            demo = Demo(service, browser, None)
            paid = {"event_id": "buyer-1-paid", "type": "paid", "visitor_id": KNOWN}
            service.api.post("/v1/events", {"events": [paid | {"amount": 50}]})
            _sign_in(demo)
            yield demo


def _make_history(environ: dict[str, str]) -> None:
    command = [sys.executable, "-m", "nudge", "history", "--json", *HISTORY]
    command += ["--data-dir", environ["NUDGE_DATA_DIR"]]
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["decisions"] > 0


def _add_alarm(environ: dict[str, str]) -> None:
    """Open an alarm of the last evening, with its quarantine, while nothing else runs."""
    own = {name: value for name, value in environ.items() if name not in os.environ}
    settings = load(overrides=own)
    store = embedded.start(settings)
    try:
        with open_installation(settings) as installation:
            put_alarm(installation.store, clock.now() - 12 * 3600)
    finally:
        store.stop()


def put_alarm(store: Store, at: float) -> None:
    """Put an alarm of failed payments into a store, as the monitors do."""
    note = QuarantineNote("monitor", at)
    scope = QuarantineScope(method="alipay")
    marked = quarantine.mark(store, at, at + 4 * 3600, scope, note, alarm=ALARM)
    parts = (
        AlarmPart("method", "alipay", 0.11, 0.92, 61),
        AlarmPart("method", "wechat", 0.92, 0.93, 64),
    )
    cause = {"stage": "method", "method": "alipay"}
    said = {"zh": SAID, "en": "Payments by Alipay succeed in 11 % instead of 92 %."}
    figures = {"rate": 0.11, "usual": 0.92, "excess": 24.0}
    steps = (AlarmStep(at + 60, AlarmAction.OPEN, "monitor"),)
    alarm = Alarm(
        *(ALARM, "payment", AlarmLevel.CRITICAL, cause, at, at + 60, said),
        *(figures, ("channel",), marked.id, steps, parts),
    )
    assert store.alarms.put(StoredAlarm(alarm))


def _sign_in(demo: Demo) -> None:
    """Sign in by the link that the service left in a file, and choose a name and a password."""
    link = (demo.service.data_dir / "first-admin-link").read_text("utf-8").strip()
    context = demo.browser.new_context()
    with tab_of(context, demo.service.url) as screen:
        page = screen.page
        page.goto(link)
        page.click("main button")
        page.fill("[name=name]", ADMIN)
        page.fill("[name=new]", WORD)
        page.fill("[name=again]", WORD)
        page.click("[action='/account/password'] button")
        page.wait_for_selector("h1 >> text=总览")
        demo.signed = context.storage_state()

"""The front-end guide: each of its snippets runs, in a browser, in node or over HTTP."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsers import node
from child_processes import eventually
from click.testing import CliRunner
from guide_snippets import CHINESE, ENGLISH, Host, call, hosting, snippet, snippets
from playwright.sync_api import Browser, Page
from shop_site import ShopSite
from shop_visit import PATIENT

from nudge import cli as entry
from nudge.api.sdk_files import read_sdk_files
from nudge.domain.journal.records import Decision, Exposure
from nudge.settings.settings import Settings

OLD = """
delete window.fetch; delete window.IntersectionObserver; delete Navigator.prototype.sendBeacon;
"""
"""Takes away what an old browser lacks."""
ACTIONS = {"retry_same_method", "choose_method", "remind", "none"}


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """A site of another origin than the service's."""
    with hosting() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab of a new visitor; no script may fail in it."""
    context = browser.new_context()
    context.add_init_script(PATIENT)
    tab = context.new_page()
    problems: list[str] = []
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    yield tab
    context.close()
    assert problems == []


def holds(page: Page, expression: str) -> bool:
    """Whether an expression becomes true in the page."""
    return eventually(lambda: bool(page.evaluate(expression)))


def seen(site: ShopSite, slot: str) -> int:
    """How many exposures of a slot the journal has."""
    site.fold()
    return sum(one.slot == slot for one in site.records(Exposure))


def visitor(page: Page) -> str:
    """The id that the SDK made."""
    return str(page.evaluate("localStorage['nudge.v']"))


def steps(site: ShopSite, name: str) -> list[Any]:
    """Steps that a visitor told."""
    return [one.fields["step"] for one in site.events(name) if one.type == "step"]


def test_both_guides_have_the_same_snippets_and_sections() -> None:
    """Readers of both languages get the same code, in the same order."""
    english, chinese = (path.read_text("utf-8") for path in (ENGLISH, CHINESE))
    assert list(snippets(english).items()) == list(snippets(chinese).items())
    levels = [re.findall(r"^#+ ", text, re.MULTILINE) for text in (english, chinese)]
    assert levels[0] == levels[1]
    assert len(snippets(english)) == english.count("```") // 2, "a block without a name"


def test_every_snippet_is_run() -> None:
    """No snippet stands in the guide without a test here that takes it."""
    text = Path(__file__).read_text("utf-8")
    taken = set(re.findall(r'snippet\(\s*[\'"]([\w-]+)', text))
    assert taken == set(snippets(ENGLISH.read_text("utf-8")))


def test_the_commands_print_a_key_and_the_tag_of_the_guide(
    site: ShopSite, shop_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key has the scope `decide` for one origin; the tag is what the pages begin with."""
    for name, value in shop_settings.to_environ().items():
        monkeypatch.setenv(name, value)
    for text in (snippet("key", site), snippet("tag", site)):
        program, *arguments = shlex.split(text)
        done = CliRunner().invoke(entry.cli, arguments)
        assert (program, done.exit_code) == ("nudge", 0), done.output
    assert done.stdout.strip() in snippet("web", site)
    made = site.service.store.api_keys.list_keys()[-1]
    assert (made.scopes, made.origins) == (("decide",), ("https://shop.example",))


def test_a_web_page_of_another_origin(site: ShopSite, host: Host, page: Page) -> None:
    """Amount and banner are decided, the banner's exposure counts, under the guide's policy."""
    name, _, policy = snippet("policy", site).strip().partition(": ")
    assert name == "Content-Security-Policy"
    before = seen(site, "banner")
    host.policy = policy
    text = snippet("web", site)
    # The policy forbids styles in elements as well: a page has them in a file.
    page.goto(host.put(text.replace(' style="display: block; height: 80px"', "")))
    host.policy = ""
    assert holds(page, "document.getElementById('banner').textContent !== ''")
    assert page.input_value("#amount") in {"10", "30", "50", "100", "300", "500"}
    assert eventually(lambda: seen(site, "banner") == before + 1)
    assert steps(site, visitor(page)) == ["home"]


def test_an_old_browser(site: ShopSite, host: Host, page: Page) -> None:
    """Without fetch, beacon and observer the page is decided all the same, by XMLHttpRequest."""
    page.add_init_script(OLD)
    page.goto(host.put(snippet("wap", site)))
    assert holds(page, "document.getElementById('amount').value !== ''")
    assert eventually(lambda: [one.type for one in site.events(visitor(page))] == ["shown"])


def test_a_web_view_of_an_app(site: ShopSite, host: Host, page: Page) -> None:
    """The app hands over visitor and device: the number that was typed there is filled in."""
    ask = snippet("native-decide", site).replace('"denomination", "banner"', '"prefill"')
    token = call(site, ask)[1]["device_token"]
    number = {"type": "step", "step": "number", "msisdn": "13812345678", "device_token": token}
    event = json.dumps({"events": [{"event_id": "typed-1", "visitor_id": "app-4711"} | number]})
    head = snippet("native-events", site).partition("\n\n")[0]
    assert call(site, f"{head}\n\n{event}")[1]["accepted"] == 1
    visit = json.dumps({"visitorId": "app-4711", "deviceToken": token})
    page.add_init_script(f"window.appBridge = {{ visit: () => {json.dumps(visit)} }};")
    page.goto(host.put(snippet("webview", site)))
    assert holds(page, "document.getElementById('number').value === '13812345678'")


def test_native_pages_speak_http(site: ShopSite) -> None:
    """Decisions, then events: sent twice they count once."""
    status, answer = call(site, snippet("native-decide", site))
    assert (status, set(answer["decisions"])) == (200, {"denomination", "banner"})
    banner = answer["decisions"]["banner"]["decision_id"]
    events = snippet("native-events", site, DECISION_ID=banner)
    told = [call(site, events)[1] for _ in range(2)]
    assert [(one["accepted"], one["duplicates"]) for one in told] == [(2, 0), (0, 2)]
    assert not any(one["rejected"] for one in told)


def test_a_mini_program(site: ShopSite, tmp_path: Path) -> None:
    """`wx` alone is used: the amount is decided, and all events are acknowledged."""
    source = tmp_path / "page.js"
    source.write_text(snippet("miniprogram", site), "utf-8")
    runner = Path(__file__).with_name("miniprogram.cjs")
    files = read_sdk_files()
    sdk = tmp_path / "nudge.js"
    sdk.write_bytes(files.versions[files.current].text)
    done = subprocess.run(
        [node(), str(runner), str(sdk), str(source)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["data"]["ready"]
    assert set(found["calls"]) == {"/v1/decisions", "/v1/events"}
    events = site.events(found["visitor"])
    told = sorted(str(one.fields.get("step", one.type)) for one in events)
    assert told == ["amount", "pay_tapped", "shown"]


def test_a_page_without_script(site: ShopSite, host: Host, browser: Browser) -> None:
    """The server asks, the image tells: loaded twice, it is one exposure."""
    status, answer = call(site, snippet("server-decide", site))
    assert status == 200
    before = seen(site, "banner")
    decision = answer["decisions"]["banner"]["decision_id"]
    text = snippet("pixel", site, DECISION_ID=decision)
    with browser.new_context(java_script_enabled=False) as context:
        tab = context.new_page()
        for _ in range(2):
            tab.goto(host.put(text))
        assert tab.is_visible("text=充值抽流量")
    assert eventually(lambda: seen(site, "banner") == before + 1)


def test_a_failed_payment_gets_an_offer(site: ShopSite, host: Host, page: Page) -> None:
    """The page tells the failure and shows what was decided for it."""
    page.goto(host.put(snippet("wap", site)))
    show = "function showOffer(action) { window.offered = action; }"
    page.evaluate(
        f"() => {{ {show} {snippet('failure', site)} tellFailure('timeout', 'alipay'); }}"
    )
    assert holds(page, "window.offered")
    assert page.evaluate("window.offered") in ACTIONS
    told = [one.fields for one in site.events(visitor(page)) if one.type == "payment_failed"]
    assert [(one["reason"], one["method"]) for one in told] == [("timeout", "alipay")]


def test_qa_sees_a_variant_by_the_address(site: ShopSite, host: Host, page: Page) -> None:
    """A listed variant is shown, and neither asked for nor counted; the rest is decided."""
    text = snippet("web", site)
    listed = text.replace("  nudge.decide", f"{snippet('override', site)}  nudge.decide")
    before = [one.slot for one in site.records(Decision)].count("banner")
    page.goto(host.put(listed) + "?nudge.banner=coffee&nudge.denomination=constructor")
    assert holds(page, "document.getElementById('amount').value !== ''")
    assert page.text_content("#banner") == "充值送咖啡"
    assert [one.slot for one in site.records(Decision)].count("banner") == before


def test_nothing_is_kept_before_consent(site: ShopSite, host: Host, page: Page) -> None:
    """With a storage of its own the page leaves nothing in the browser, and is decided.

    Afterwards the same visitor is kept.
    """
    page.goto(host.put(_consenting(site)))
    assert holds(page, "window.amount > 0")
    assert page.evaluate("Object.keys(localStorage)") == []
    page.evaluate(f"nudge.init({{ endpoint: '{site.url}', key: 'any', channel: 'web' }})")
    assert page.evaluate("localStorage['nudge.v']") == page.evaluate("kept['nudge.v']")


def _consenting(site: ShopSite) -> str:
    """A page that asks before the visitor agreed."""
    tag = re.findall(r"<script src.*", snippet("web", site))[0]
    ask = "nudge.decide(['denomination'], {page: 'home'}, function (answers) {"
    ask += " window.amount = answers.denomination.value; });"
    return f"{tag}\n<script>\n{snippet('consent', site)}{ask}\n</script>"

"""The snippets of the page for servers, in Python, PHP and Java.

The Python one is run. Of PHP and Java each request (path and body, as the snippet has them) is sent
to the real service, with the headers that the snippet sets; where the language is installed, the
whole snippet is run as well. CI has neither, and runs the requests alone.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from api_web import Web, listening, served
from places import ROOT

from nudge.settings.settings import Settings

PAGES: Final = tuple(
    ROOT / "docs" / "howto" / name for name in ("server_client.md", "server_client.zh-CN.md")
)
FENCE: Final = re.compile(r"```(python|php|java)\n(.*?)```", re.DOTALL)
JAVA_CALL: Final = re.compile(r'post\("([^"]+)", """(.*?)""", \d+\)', re.DOTALL)
PHP_CALL: Final = re.compile(r"nudge_post\('([^']+)', (\[.*?\n *\]), \d+\)", re.DOTALL)
HEADER: Final = re.compile(r"""['"](Authorization|Content-Type)(?:: |", ")([^'"]+)['"]""")


@pytest.fixture
def web(settings: Settings) -> Iterator[Web]:
    yield from served(settings)


def snippet(language: str) -> str:
    """The code of a language."""
    return dict(FENCE.findall(PAGES[0].read_text("utf-8")))[language]


def java_body(text: str) -> Any:
    """The JSON of a text block."""
    return json.loads(text)


def php_body(text: str) -> Any:
    """The value of a PHP array of literals; a decision's id stands for the one of the answer."""
    text = re.sub(r"('shown-' \. )?\$banner\['decision_id'\]", f"'{'a' * 26}'", text)
    # The innermost array first: one with keys is a table, and Python's braces and colons.
    while innermost := re.search(r"\[([^\[\]]*)\]", text):
        inner = innermost[1]
        listed = inner.rstrip(", \n")
        plain = "{" + inner.replace("=>", ":") + "}" if "=>" in inner else f"({listed},)"
        text = text[: innermost.start()] + plain + text[innermost.end() :]
    return ast.literal_eval(text)


def requests_of(language: str) -> list[tuple[str, Any]]:
    """Path and body of each request that the snippet makes."""
    code = snippet(language)
    if language == "java":
        return [(path, java_body(text)) for path, text in JAVA_CALL.findall(code)]
    return [(path, php_body(text)) for path, text in PHP_CALL.findall(code)]


def has_php() -> bool:
    """Return whether PHP is there, with its curl."""
    if shutil.which("php") is None:
        return False
    told = subprocess.run(["php", "-m"], capture_output=True, text=True, check=False)
    return "curl" in told.stdout.splitlines()


def test_both_pages_have_the_same_code() -> None:
    """A reader of either language copies the same lines."""
    codes = [FENCE.findall(page.read_text("utf-8")) for page in PAGES]
    assert codes[0] == codes[1]
    assert [language for language, _ in codes[0]] == ["python", "php", "java"]


def test_the_python_snippet_runs(web: Web) -> None:
    """The snippet decides, shows, tracks and pays: each event is taken once."""
    key = web.key("decide", "ingest")
    with listening(web) as url:
        space: dict[str, Any] = {"NUDGE_URL": url, "NUDGE_KEY": key}
        code = snippet("python").replace("})\n", "}, budget=10.0)\n", 1)
        exec(compile(code, "snippet", "exec"), space)  # noqa: S102 (our own page)
    assert space["show"] is not None
    assert sorted(one.type for one in web.events()) == ["paid", "shown", "step"]


@pytest.mark.parametrize("language", ["php", "java"])
def test_each_request_of_a_snippet_is_taken(web: Web, language: str) -> None:
    """Path, headers and body of the page's requests are right: nothing is refused or left out."""
    key = web.key("decide", "ingest")
    headers = {
        name: f"Bearer {key}" if "Bearer" in value else value
        for name, value in HEADER.findall(snippet(language))
    }
    assert headers == {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    sent = requests_of(language)
    assert [path for path, _ in sent] == ["/v1/decisions"] + ["/v1/events"] * (len(sent) - 1)
    for path, body in sent:
        answer = web.http.post(path, data=json.dumps(body), headers=headers)
        assert answer.status_code in {200, 202}, answer.text
        assert "warnings" not in answer.json
        if path == "/v1/events" and body["events"][0]["type"] == "paid":
            assert (answer.json["accepted"], answer.json["rejected"]) == (1, [])


def run(command: list[str], url: str, key: str) -> list[str]:
    """The lines that a snippet prints."""
    environ = os.environ | {"NUDGE_URL": url, "NUDGE_KEY": key}
    done = subprocess.run(
        command, env=environ, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def patient(code: str) -> str:
    """The snippet with more time for a page: what is tested is no budget of a busy machine."""
    return code.replace(", 300)", ", 20000)")


@pytest.mark.skipif(not has_php(), reason="PHP with curl is not installed")
def test_the_php_snippet_runs(web: Web, tmp_path: Path) -> None:
    """The snippet decides, reports what it showed, and pays."""
    if (
        "curl"
        not in subprocess.run(["php", "-m"], capture_output=True, text=True, check=True).stdout
    ):
        pytest.skip("PHP has no curl")
    file = tmp_path / "nudge.php"
    file.write_text(patient(snippet("php")), "utf-8")
    with listening(web) as url:
        lines = run(["php", str(file)], url, web.key("decide", "ingest"))
    assert lines[0] in web.service.catalogue().slots["banner"].slot.names
    assert lines[1] == "0 rejected"
    assert sorted(one.type for one in web.events()) == ["paid", "shown"]
    assert run(["php", str(file)], "http://127.0.0.1:1", "k") == ["default", "again"]


@pytest.mark.soak  # a compiler of its own: ten seconds of a core
@pytest.mark.skipif(shutil.which("javac") is None, reason="Java is not installed")
def test_the_java_snippet_runs(web: Web, tmp_path: Path) -> None:
    """The snippet decides and pays; without the service it says that defaults stand."""
    file = tmp_path / "Nudge.java"
    file.write_text(patient(snippet("java")), "utf-8")
    subprocess.run(["javac", "-d", str(tmp_path), str(file)], check=True)
    command = ["java", "-cp", str(tmp_path), "Nudge"]
    with listening(web) as url:
        page, taken = run(command, url, web.key("decide", "ingest"))
    assert json.loads(page)["decisions"]["banner"]["decision_id"]
    assert json.loads(taken)["accepted"] == 1
    assert run(command, "http://127.0.0.1:1", "k") == ["default", "again"]

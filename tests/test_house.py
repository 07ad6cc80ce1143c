"""`make house`: its figures, on a tiny tree."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from places import ROOT

FILES = {
    "pyproject.toml": """
[tool.ruff.lint]
ignore = ["A", "B"]
[tool.ruff.lint.per-file-ignores]
"tests/**" = ["C"]
""",
    "nudge/__init__.py": '"""The service."""\n',
    "nudge/clock.py": '"""What time it is."""\nimport time  # noqa: TID251\n',
    "nudge/store/counts.py": '"""Counts."""\ndef add(client, keys): read(client, keys)\n',
    "nudge/store/add.lua": "return 1\n",
    "nudge/flows/learn.py": '''"""The fold `learn`."""
class Learn:
    """Whether it learns."""
    client: Client
    keys: Keys
    class Meta:
        """Settings."""
    def run(self, other):
        """The same again."""
        read(self.client, self.keys, 1)
        read(keys=self._keys, client=self._client)
        read(self.client, other, self.keys)
async def fold(client, n, *, keys):
    """Items of it."""
class Kept: ...
class Timing: ...
class KeptDecision: ...
class _Told: ...
''',
    "lab/kept.py": '"""As kept."""\nclass Kept: ...\nclass Meta: ...\nx = 1  # type: ignore\n',
    "tests/test_counts.py": "add(store.client, store.keys)\n",
} | {f"bandits/m{number}.py": "" for number in range(17)}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout with a little of everything."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def house(*arguments: object) -> str:
    """Run the script."""
    command = [sys.executable, str(ROOT / ".ci" / "house.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_figures_of_a_tiny_tree_are_right(tree: Path) -> None:
    """Each figure counts what it names and nothing beside it."""
    found: list[dict[str, Any]] = json.loads(house(tree, "--json"))
    assert [(one["value"], one["target"]) for one in found] == [
        (17, "16"),
        ({"nudge/api": 0, "nudge/cli": 0}, "24 each"),
        (1, "0"),
        (1, "6"),
        (2, "0"),
        (1, "0"),
        (1, "0"),
        (1, "0"),
        (1, "0"),
        (1, "a handful"),
        (9, ""),
        (44.4, "2"),
        ({"What": 1, "Whether": 1, "The same": 1, "As": 1, "all": 4}, ""),
        ({"nudge": 23, "bandits": 0, "lab": 4, "all": 27}, ""),
        ({"nudge": 1, "bandits": 0, "lab": 0, "all": 1}, ""),
        (1, ""),
        (1, ""),
        ({"everywhere": 2, "by file": 1}, ""),
    ]
    kept = ["Kept: lab/kept.py:2, nudge/flows/learn.py:15"]
    assert [one["found"] for one in found if one["found"]] == [["bandits 17"], kept, kept]


def test_the_same_seed_draws_the_same_docstrings(tree: Path) -> None:
    """A draw is repeated by its seed, without replacement; another seed draws in another order."""
    first = house(tree, "--docstrings", 9, "--seed", 1).splitlines()
    assert first == house(tree, "--docstrings", 9, "--seed", 1).splitlines()
    assert len(set(first)) == 9
    assert first[:4] == house(tree, "--docstrings", 4, "--seed", 1).splitlines()
    other = house(tree, "--docstrings", 9, "--seed", 2).splitlines()
    assert first != other
    assert sorted(first) == sorted(other)
    assert "nudge/clock.py:1 module: What time it is." in first


def test_it_prints_each_figure_beside_its_target(tree: Path) -> None:
    """For people: one line each, lists below."""
    lines = house(tree).splitlines()
    assert lines[0] == "modules in the largest flat folder: 17 (target: 16)"
    assert "    bandits 17" in lines


@pytest.mark.parametrize("room", ["nudge", "bandits", "lab", "benchmarks", "tests"])
def test_a_docstring_begins_with_its_subject(room: str) -> None:
    """The first line is understood alone: its subject is a noun, not what, where or who."""
    pattern = re.compile(r'^ *r?"""(?:What|Where|Whoever|Who)\b.*', re.MULTILINE)
    found = [
        f"{path.relative_to(ROOT)}: {match[0].strip()}"
        for path in sorted((ROOT / room).rglob("*.py"))
        for match in pattern.finditer(path.read_text("utf-8"))
    ]
    assert not found, "\n".join(found)

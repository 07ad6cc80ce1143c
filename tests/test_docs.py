"""The documents and the Makefile: files, functions, tests and rooms that they name exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from places import ROOT

PAGES = [
    *(page for folder in ("docs", "examples") for page in sorted((ROOT / folder).rglob("*.md"))),
    *sorted(ROOT.glob("*.md")),
    ROOT / "Makefile",
]
FILE = re.compile(r"(?<![\w/.{-])((?:[\w.-]+/)+[\w-]+\.(?:py|lua))\b")
TEST = re.compile(r"`(?:[\w/]+/)?(test_\w+\.py)(?:::(\w+)(…?))?")
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)")
IMPORT = re.compile(r"^from ((?:nudge|bandits|lab)[\w.]*) import ([\w, ]+)", re.MULTILINE)
CODE = re.compile(r"`([^`]+)`")
HOMES = ("", "nudge", "bandits", "tests")
"""Folders that a path in a document may begin in."""
GENERATED = "nudge_api"
"""The client that users generate; tests/api makes one and calls the service with it."""
PARENTS = ("nudge", "nudge/domain", "nudge/flows", "nudge/store", "nudge/lake", "bandits", "lab")
"""Folders whose folders are rooms."""


@cache
def names_in(path: Path) -> frozenset[str]:
    """Names that a module defines: functions, classes, their members, and constants."""
    return frozenset(defined(ast.parse(path.read_text("utf-8")).body))


def exports_of(package: Path) -> frozenset[str]:
    """Names that a package takes from its modules."""
    if not package.is_file():
        return frozenset()
    imports = [
        x for x in ast.parse(package.read_text("utf-8")).body if isinstance(x, ast.ImportFrom)
    ]
    return frozenset(name.asname or name.name for one in imports for name in one.names)


def defined(body: list[ast.stmt], within: str = "") -> Iterator[str]:
    """Names that statements define, those of a class behind its own: `Store.counts`."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield within + node.name
        if isinstance(node, ast.ClassDef):
            yield from defined(node.body, f"{within}{node.name}.")
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield within + node.target.id
        if isinstance(node, ast.Assign):
            yield from (within + x.id for x in node.targets if isinstance(x, ast.Name))


def where_rows() -> list[tuple[str, str, str]]:
    """Rows of `docs/where.md`: question, places, test."""
    lines = (ROOT / "docs" / "where.md").read_text("utf-8").splitlines()
    cells = [
        [cell.strip() for cell in one.strip("|").split("|")] for one in lines if one[:1] == "|"
    ]
    return [(row[0], row[1], row[2]) for row in cells if row[0].endswith("?")]


def missing_in(question: str, places: str, test: str) -> list[str]:
    """The names in a row of `docs/where.md` that the tree lacks."""
    wrong, current = [], ROOT
    for word in CODE.findall(f"{places} {test.replace('::', '` `')}"):
        if "/" in word:
            current = ROOT / word
            wrong += [] if current.is_file() else [f"{question} {word}"]
        elif current.suffix == ".py" and current.is_file() and word not in names_in(current):
            wrong.append(f"{question} {word} in {current.relative_to(ROOT)}")
    return wrong


def test_where_names_files_functions_and_tests_that_exist() -> None:
    """Each question is answered by a file, what it defines, and a test that shows it."""
    rows = where_rows()
    assert len(rows) >= 30
    assert [row for row in rows if "/" not in row[1] or "tests/" not in row[2]] == []
    assert [one for row in rows for one in missing_in(*row)] == []


def test_every_room_is_in_the_architecture() -> None:
    """A room that nobody describes is not found by the next engineer."""
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    folders = [path for parent in PARENTS for path in sorted((ROOT / parent).iterdir())]
    rooms = [
        str(path.relative_to(ROOT))
        for path in folders
        if path.is_dir() and [*path.glob("*.py"), *path.glob("*.lua")]
    ]
    assert [room for room in rooms if f"`{room}`" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_names_files_that_exist(page: Path) -> None:
    """Modules, scripts and linked pages that a document names are there."""
    text = page.read_text("utf-8")
    files = [
        name for name in FILE.findall(text) if not any((ROOT / h / name).is_file() for h in HOMES)
    ]
    links = [name for name, _ in LINK.findall(text) if not (page.parent / name).exists()]
    assert (files, links) == ([], [])


@cache
def anchors_of(page: Path) -> frozenset[str]:
    """Anchors of a page: its headings as GitHub writes them, and those that it sets itself."""
    text = page.read_text("utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    slugs = (re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings)
    return frozenset([*slugs, *re.findall(r'<a id="([^"]+)">', text)])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_links_to_sections_that_exist(page: Path) -> None:
    """A link to a section of a page ends at that section."""
    links = LINK.findall(page.read_text("utf-8"))
    found = [((page.parent / name) if name else page, anchor) for name, anchor in links if anchor]
    assert [f"{to.name}#{anchor}" for to, anchor in found if anchor not in anchors_of(to)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_names_tests_that_exist(page: Path) -> None:
    """A test that a document names is there; `…` stands for the rest of its name."""
    wrong = []
    for name, test, more in TEST.findall(page.read_text("utf-8")):
        tests = {one for path in (ROOT / "tests").rglob(name) for one in names_in(path)}
        if not any(one.startswith(test) if more or not test else one == test for one in tests):
            wrong.append(f"{name}::{test}")
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_imports_what_exists(page: Path) -> None:
    """An example in Python imports modules and names that are there."""
    wrong = []
    for module, names in IMPORT.findall(page.read_text("utf-8")):
        if module.partition(".")[0] == GENERATED:
            continue
        path = ROOT / f"{module.replace('.', '/')}.py"
        package = path.with_suffix("") / "__init__.py"
        there = names_in(path) if path.is_file() else exports_of(package)
        wrong += [f"{module}.{name}" for name in names.split(", ") if name.strip() not in there]
    assert wrong == []


def test_every_row_of_the_edges_has_its_test() -> None:
    """The table of edges names a test of each row that tests are named after, and of that row."""
    table = (ROOT / "docs/edges.md").read_text("utf-8")
    rows = dict.fromkeys(re.findall(r"^\| ([fso]\d\d[a-z]?) \|", table, re.MULTILINE), "")
    named = {
        found
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in names_in(path)
        for found in re.findall(r"^test_([fso]\d\d[a-z]?)_", name)
    }
    assert named == set(rows)
    for line in table.splitlines():
        row = re.match(r"\| ([fso]\d\d[a-z]?) \|", line)
        assert row is None or f"::test_{row[1]}_" in line or "::test_every_door" in line, line

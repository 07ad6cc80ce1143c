"""Print the shape of the house: figures of a checkout beside their targets."""  # noqa: INP001 - a script

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import re
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

ROOMS: Final = ("nudge", "bandits", "lab")
FLAT: Final = 16
WIDE: Final = {"nudge/api": 24, "nudge/cli": 24}
OPENINGS: Final = re.compile(
    r"(What|Whoever|Whom|Who|Where|The same|Those|So many|It|As|Whatever|Whether)\b"
)
PARTICIPLE: Final = re.compile(
    r"[A-Z][a-z]+(ed|en|ing)\Z|(Begun|Bought|Brought|Built|Caught|Done|Drawn|Felt|Foretold|Found"
    r"|Gone|Grown|Heard|Held|Kept|Known|Laid|Led|Left|Lost|Made|Meant|Met|Open|Paid|Said|Seen|Sent"
    r"|Shown|Sold|Spent|Taught|Thrown|Told|Understood|Won|Worn)\Z"
)
NOUNS: Final = re.compile(
    r"(Children|Feed|Finding|Heading|Rating|Screen|Seed|Setting|Sighting|Speed|String|Timing|Token"
    r"|Warning)\Z"
)
"""Words that end as participles do, and name things."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
Documented = ast.Module | ast.ClassDef | Function
Modules = dict[str, ast.Module]
"""Path below the root -> syntax."""


class Docstring(NamedTuple):
    """A docstring: `path:line`, what it documents, its opening line."""

    place: str
    name: str
    opening: str


class Figure(NamedTuple):
    """A count, a share in percent or counts by name; the target; the things that were counted."""

    text: str
    value: float | dict[str, int]
    target: str = ""
    found: tuple[str, ...] = ()

    @property
    def lines(self) -> str:
        """The figure on one line, and its list below."""
        value = f"{self.value:g}" if isinstance(self.value, float | int) else _joined(self.value)
        target = f" (target: {self.target})" if self.target else ""
        return "\n    ".join((f"{self.text}: {value}{target}", *self.found))


def _joined(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def read_modules(root: Path, *rooms: str) -> Modules:
    """Parse every module of some top-level folders, in the order of their paths."""
    paths = sorted(path for room in rooms for path in (root / room).rglob("*.py"))
    return {path.relative_to(root).as_posix(): ast.parse(path.read_text("utf-8")) for path in paths}


def docstrings(modules: Modules) -> Iterator[Docstring]:
    """Yield the docstrings of modules, classes and functions, private ones too."""
    for path, node in _nodes(modules):
        if isinstance(node, Documented) and (text := ast.get_docstring(node)):
            line, name = getattr(node, "lineno", 1), getattr(node, "name", "module")
            yield Docstring(f"{path}:{line}", name, text.splitlines()[0])


def draw_docstrings(found: Iterable[Docstring], count: int, seed: int) -> list[Docstring]:
    """Draw docstrings without replacement, by a hash of seed and place."""

    def rank(one: Docstring) -> bytes:
        return hashlib.sha256(f"{seed}:{one.place}:{one.name}".encode()).digest()

    return sorted(found, key=rank)[:count]


def _nodes(modules: Modules) -> Iterator[tuple[str, ast.AST]]:
    return ((path, node) for path, tree in modules.items() for node in ast.walk(tree))


def folder_figures(modules: Modules) -> Iterator[Figure]:
    """Count the modules of each folder, without `__init__`."""
    parts = (path.rpartition("/") for path in modules)
    counts = Counter(folder for folder, _, name in parts if name != "__init__.py")
    above = [(name, n) for name, n in counts.most_common() if n > WIDE.get(name, FLAT)]
    largest = max((n for name, n in counts.items() if name not in WIDE), default=0)
    yield Figure("modules in the largest flat folder", largest, f"{FLAT}")
    yield Figure("modules in the wide folders", {name: counts[name] for name in WIDE}, "24 each")
    yield Figure("folders above target", len(above), "0", tuple(f"{k} {n}" for k, n in above))
    yield Figure("loose modules in nudge/", counts["nudge"], "6")


def pair_figures(modules: Modules, tests: Modules) -> Iterator[Figure]:
    """Count where a client of the store and its keys go side by side, outside the store's room."""
    outside = {p: tree for p, tree in modules.items() if not p.startswith(("nudge/store/", "ban"))}
    for text, among, has_pair in (
        ("calls that pass client and keys side by side, outside store/", outside, _call_has_pair),
        ("functions that take client and keys, outside store/", outside, _function_has_pair),
        ("classes with fields for client and keys, outside store/", outside, _class_has_pair),
        ("calls that pass client and keys, in tests and benchmarks", tests, _call_has_pair),
    ):
        yield Figure(text, sum(has_pair(node) for _, node in _nodes(among)), "0")


def _call_has_pair(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    named = [_segment(one.value) or (one.arg or "") for one in node.keywords]
    return any(map(_both, pairwise([*map(_segment, node.args), *named])))


def _function_has_pair(node: ast.AST) -> bool:
    return isinstance(node, Function) and _both(
        one.arg for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    )


def _class_has_pair(node: ast.AST) -> bool:
    return isinstance(node, ast.ClassDef) and _both(
        _segment(one.target) for one in node.body if isinstance(one, ast.AnnAssign)
    )


def _segment(value: ast.expr) -> str:
    if isinstance(value, ast.Attribute):
        return value.attr
    return value.id if isinstance(value, ast.Name) else ""


def _both(names: Iterable[str]) -> bool:
    return {"client", "keys"} <= {name.lstrip("_") for name in names}


def name_figures(modules: Modules) -> Iterator[Figure]:
    """Find public class names with several meanings, and those that are no nouns."""
    classes: defaultdict[str, list[str]] = defaultdict(list)
    for path, node in _nodes(modules):
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and node.name != "Meta":
            classes[node.name].append(f"{path}:{node.lineno}")

    def listed(text: str, target: str, counts: Callable[[str], object]) -> Figure:
        names = [name for name in sorted(classes) if counts(name)]
        lines = (f"{name}: {', '.join(classes[name])}" for name in names)
        return Figure(text, len(names), target, tuple(lines))

    def is_ambiguous(name: str) -> bool:
        return len({place.partition(":")[0] for place in classes[name]}) > 1

    def is_participle(name: str) -> bool:
        return bool(PARTICIPLE.match(name)) and not NOUNS.match(name)

    yield listed("ambiguous public class names", "0", is_ambiguous)
    text = "public class names that are bare participles or gerunds"
    yield listed(text, "a handful", is_participle)


def docstring_figures(found: list[Docstring]) -> Iterator[Figure]:
    """Count docstrings whose opening has no subject."""
    matches = (OPENINGS.match(one.opening) for one in found)
    poor = Counter(match[1] for match in matches if match)
    share = round(100 * poor.total() / max(1, len(found)), 1)
    yield Figure("docstrings", len(found))
    yield Figure("percent of docstrings that open with What, Who, The same, ...", share, "2")
    yield Figure("such openings", dict(poor.most_common()) | {"all": poor.total()})


def line_figures(root: Path) -> Iterator[Figure]:
    """Count lines, and the exceptions from what the linters ask."""
    files = {(room, path): path.read_text("utf-8") for room in ROOMS for path in _files(root, room)}
    for text, suffix in (("lines of Python", ".py"), ("lines of Lua", ".lua")):
        counts = Counter(dict.fromkeys(ROOMS, 0))
        for (room, path), content in files.items():
            counts[room] += len(content.splitlines()) if path.suffix == suffix else 0
        yield Figure(text, dict(counts) | {"all": counts.total()})
    for comment in ("noqa", "type: ignore"):
        yield Figure(comment, sum(len(re.findall(rf"#\s*{comment}", x)) for x in files.values()))
    lint = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["ruff"]["lint"]
    by_file = sum(map(len, lint.get("per-file-ignores", {}).values()))
    ignores = {"everywhere": len(lint.get("ignore", ())), "by file": by_file}
    yield Figure("rules that ruff ignores", ignores)


def _files(root: Path, room: str) -> list[Path]:
    return [path for path in (root / room).rglob("*") if path.suffix in {".py", ".lua"}]


def figures(root: Path) -> Iterator[Figure]:
    """Compute every figure of a checkout."""
    modules = read_modules(root, *ROOMS)
    yield from folder_figures(modules)
    yield from pair_figures(modules, read_modules(root, "tests", "benchmarks"))
    yield from name_figures(modules)
    yield from docstring_figures(list(docstrings(modules)))
    yield from line_figures(root)


def main() -> None:
    """Print the figures, or some docstrings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", nargs="?", type=Path, default=Path(__file__).parents[1])
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--docstrings", type=int, metavar="N", help="draw opening lines instead")
    parser.add_argument("--seed", type=int, default=0, help="of the draw")
    given = parser.parse_args()
    if given.docstrings is not None:
        every = docstrings(read_modules(given.root, *ROOMS))
        drawn = draw_docstrings(every, given.docstrings, given.seed)
        lines = [f"{one.place} {one.name}: {one.opening}" for one in drawn]
    elif given.json:
        lines = [json.dumps([one._asdict() for one in figures(given.root)], indent=2)]
    else:
        lines = [one.lines for one in figures(given.root)]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

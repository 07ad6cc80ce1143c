"""The table of key families tells the truth about who writes them."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import pytest

from nudge.store.wire.keys import BESIDE, FAMILIES, Keys

ROOT: Final = Path(__file__).parents[3]
STORE: Final = ROOT / "nudge" / "store"
LUA: Final = STORE / "lua"
NAMES: Final = {family.name for family in FAMILIES}
RUNS: Final = {"run", "run_each", "run_ahead"}
ANY_FAMILY: Final = {"RESTORE", "UNLINK"}
"""Commands of the backup, which names no family."""
_WRITES: Final = """
APPEND DEL EXPIRE EXPIREAT HDEL HINCRBY HMSET HSET HSETNX INCR INCRBY LPUSH LTRIM MSET PERSIST
PEXPIRE PEXPIREAT PSETEX SADD SET SETEX SETNX SREM UNLINK RESTORE XADD XDEL XTRIM ZADD ZINCRBY
ZREM ZREMRANGEBYRANK ZREMRANGEBYSCORE
"""
WRITES: Final = frozenset(_WRITES.split())
_READS: Final = """
DUMP EVAL EVALSHA EXISTS HEXISTS HGET HGETALL HKEYS HLEN HMGET HVALS MEMORY MGET PTTL SCAN
SMEMBERS STRLEN TTL XLEN XRANGE XREVRANGE ZCARD ZMSCORE ZRANGE ZRANGEBYSCORE ZSCORE
"""
READS: Final = frozenset(_READS.split())
"""`GET` is a word of HTTP as well: it counts where a client or a `FoldWrite` is told it."""
SENDERS: Final = {"call", "execute_command", "FoldWrite", "send_command"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Head:
    """The comment at the head of a script, and the code below it."""

    name: str

    @cached_property
    def text(self) -> str:
        """The whole file."""
        return (LUA / f"{self.name}.lua").read_text("utf-8")

    @cached_property
    def entries(self) -> list[str]:
        """Descriptions of the keys, each on one line."""
        lines = [line for line in self.text.splitlines() if line.startswith("--")]
        found: list[str] = []
        for line in lines:
            if re.match(rf"-- (\w+\[|Returns|Errors)|-- {{12}}({'|'.join(NAMES)})[:@\[]", line):
                found.append(line)
            elif found:
                found[-1] += " " + line.lstrip("- ")
        return [one for one in found if re.match(r"-- (KEYS\[| {11})", one)]

    @cached_property
    def written(self) -> list[str]:
        """Descriptions of the keys that the script says to write."""
        return [one for one in self.entries if re.search(r"\b(written|appended to|trimmed)\b", one)]

    @cached_property
    def families(self) -> set[str]:
        """Families that the script writes, whoever runs it."""
        kinds = r"\b(?:hash|hashes|zset|string|stream|any)\b"
        heads = [re.split(kinds, re.sub(r"<[^>]*>", "", one))[0] for one in self.written]
        return {name for one in heads for name in re.findall(r"[a-z_]+", one) if name in NAMES}

    @cached_property
    def is_told(self) -> bool:
        """True where its caller says the family."""
        return any("any family" in one for one in self.written)


class Writers(ast.NodeVisitor):
    """A walk through one module of the store: (class, family) of everything that it writes."""

    def __init__(self, tree: ast.Module) -> None:
        self.found: set[tuple[str, str]] = set()
        self.constants = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.AnnAssign | ast.Assign) and isinstance(node.value, ast.Constant)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name)
        }
        self.owner: ast.ClassDef | None = None
        self.scope: ast.AST = tree
        self.visit(tree)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Enter a class."""
        before, self.owner = self.owner, node
        self.generic_visit(node)
        self.owner = before

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Enter a function."""
        before, self.scope = self.scope, node
        self.generic_visit(node)
        self.scope = before

    def visit_Call(self, node: ast.Call) -> None:
        """Note what a command or a script writes."""
        self.generic_visit(node)
        name = _callee(node)
        first = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
        if not isinstance(first, str) or self.owner is None:
            return
        if name in RUNS:
            head = Head(first)
            self._note(head.families | (self._named(node.args[1]) if head.is_told else set()))
        elif name in SENDERS and first in ANY_FAMILY:
            self._note({"*"})
        elif name in SENDERS and first in WRITES:
            keys = {one for arg in node.args[1:] for one in self._named(arg)}
            self._note(keys or self._builders(self.owner))

    def _note(self, families: set[str]) -> None:
        assert self.owner is not None
        name = self.owner.name.lstrip("_")
        self.found |= {(name, family) for family in families}

    def _named(self, value: ast.AST, seen: frozenset[str] = frozenset()) -> set[str]:
        """Families whose builder a value uses, itself or by a name bound in its function."""
        found = self._builders(value)
        names = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)} - seen
        for bound, source in _bindings(self.scope):
            if bound & names:
                found |= self._named(source, seen | names)
        return found

    def _builders(self, value: ast.AST) -> set[str]:
        found: set[str] = set()
        for node in ast.walk(value):
            if not isinstance(node, ast.Attribute) or _segment(node.value) != "keys":
                continue
            if node.attr in NAMES:
                found.add(node.attr)
        for node in ast.walk(value):
            if isinstance(node, ast.Call) and _callee(node) == "config":
                found.add(self._constant(node.args[0]))
        return found

    def _constant(self, value: ast.expr) -> str:
        if isinstance(value, ast.Constant):
            return str(value.value)
        return str(self.constants.get(value.id, value.id)) if isinstance(value, ast.Name) else ""


def _bindings(scope: ast.AST) -> Iterator[tuple[set[str], ast.expr]]:
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign):
            yield (
                {one.id for t in node.targets for one in ast.walk(t) if isinstance(one, ast.Name)},
                node.value,
            )
        elif isinstance(node, ast.AnnAssign) and node.value:
            yield {one.id for one in ast.walk(node.target) if isinstance(one, ast.Name)}, node.value
        elif isinstance(node, ast.For | ast.comprehension):
            yield {one.id for one in ast.walk(node.target) if isinstance(one, ast.Name)}, node.iter


def _callee(node: ast.Call) -> str:
    return _segment(node.func)


def _segment(value: ast.AST) -> str:
    if isinstance(value, ast.Attribute):
        return value.attr
    return value.id if isinstance(value, ast.Name) else ""


def _trees(*folders: Path) -> Iterator[tuple[Path, ast.Module]]:
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            yield path, ast.parse(path.read_text("utf-8"))


def test_every_family_is_written_by_the_classes_that_the_table_names() -> None:
    """A family is written by its writer and the exceptions of `BESIDE`, by no other class."""
    found: dict[str, set[str]] = defaultdict(set)
    for _, tree in _trees(STORE):
        for owner, family in Writers(tree).found:
            found[family].add(owner)
    table = {family.name: {family.writer} | set(BESIDE.get(family.name, ())) for family in FAMILIES}
    assert found == table | {"*": set(BESIDE["*"])}


def test_every_exception_has_a_reason_and_a_family() -> None:
    """`BESIDE` names known families, and says of each exception why it is one."""
    assert set(BESIDE) <= NAMES | {"*"}
    assert all(reason for others in BESIDE.values() for reason in others.values())


def test_every_family_of_a_partition_has_a_builder() -> None:
    """`Keys` has a method for each family of a partition; those of `config` go by name."""
    built = {name for name in vars(Keys) if not name.startswith("_")}
    assert {family.name for family in FAMILIES if family.scope == "partition"} <= built


@pytest.mark.parametrize("name", sorted(path.stem for path in LUA.glob("*.lua")))
def test_a_script_writes_only_the_keys_that_its_head_says(name: str) -> None:
    """A key of `KEYS` that a script writes is said to be written at its head."""
    head = Head(name)
    commands = "|".join(WRITES)
    code = set(re.findall(rf"p?call\('(?:{commands})', (KEYS\[\d+\])", head.text))
    assert code <= {
        match[1] for one in head.written if (match := re.match(r"-- (KEYS\[\d+\])", one))
    }


def test_no_command_of_the_server_is_spelt_outside_the_store() -> None:
    """Outside `nudge/store` no call names a command, neither to a client nor in a `FoldWrite`."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.args[0].value}"
        for path, tree in _trees(ROOT / "nudge", ROOT / "lab")
        if STORE not in path.parents
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)
        if node.args[0].value in WRITES | READS
        or (node.args[0].value == "GET" and _callee(node) in SENDERS)
    ]
    assert found == []

"""The SDK's files: small, ES5, the same as their source, and a package that npm takes."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hatchling.builders.wheel import WheelBuilder
from places import ROOT
from sdk_node import SDK, SERVED, VERSIONS, run_node

MOST = 2048
# Node has acorn inside, for its own prompt; it knows the grammar of each edition.
PARSE = """
const acorn = require('internal/deps/acorn/acorn/dist/acorn');
acorn.parse(require('fs').readFileSync(process.argv[1], 'utf8'), {ecmaVersion: 5});
"""


def manifest() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((VERSIONS / "manifest.json").read_text())
    return found


def parse(path: Path) -> subprocess.CompletedProcess[str]:
    return run_node("--expose-internals", "-e", PARSE, str(path))


def test_the_served_file_is_small() -> None:
    """At most 2,048 bytes gzipped, as it is served."""
    assert len(gzip.compress(SERVED.read_bytes(), 9, mtime=0)) <= MOST


@pytest.mark.parametrize("path", [SDK / "nudge.js", SERVED], ids=["source", "served"])
def test_old_browsers_can_read_it(path: Path) -> None:
    """Source and served file parse as ES5."""
    done = parse(path)
    assert done.returncode == 0, done.stderr


def test_a_newer_word_would_be_found(tmp_path: Path) -> None:
    """The parser refuses what ES5 does not know."""
    path = tmp_path / "new.js"
    path.write_text("var a = () => 1;")
    assert "SyntaxError" in parse(path).stderr


def test_the_served_file_belongs_to_the_source() -> None:
    """A change of the source needs `make sdk`."""
    digest = hashlib.sha256((SDK / "nudge.js").read_bytes()).hexdigest()
    assert manifest()["source"] == digest, "sdk/nudge.js changed: run `make sdk`"
    assert manifest()["current"] == json.loads((SDK / "package.json").read_text())["version"]


@pytest.mark.parametrize("version", list(manifest()["versions"]))
def test_a_version_never_changes(version: str) -> None:
    """Each version that was ever served is there, with the hash that pages name."""
    text = (VERSIONS / version / "nudge.js").read_bytes()
    digest = base64.b64encode(hashlib.sha384(text).digest()).decode()
    assert manifest()["versions"][version]["integrity"] == f"sha384-{digest}"


def test_a_served_version_is_not_made_anew(tmp_path: Path) -> None:
    """`make sdk` refuses another file under a version that was served, and names the cure."""
    _fake_tree(tmp_path, minified="other")
    done = _make(tmp_path)
    assert done.returncode == 1
    assert "raise the version in sdk/package.json" in done.stderr
    assert _make(tmp_path, "--again").returncode == 0


def test_a_file_beyond_the_limit_is_not_made(tmp_path: Path) -> None:
    """`make sdk` refuses more bytes than a page may be asked to load."""
    noise = "".join(hashlib.sha256(bytes([i])).hexdigest() for i in range(100))
    _fake_tree(tmp_path, minified=noise)
    done = _make(tmp_path, "--again")
    assert done.returncode == 1
    assert "at most 2048" in done.stderr


def _fake_tree(tree: Path, *, minified: str) -> None:
    """A checkout with the SDK, and an npx that answers the same whatever it is asked."""
    for folder in (SDK, VERSIONS):
        shutil.copytree(folder, tree / folder.relative_to(ROOT))
    (tree / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "sdk.py", tree / ".ci" / "sdk.py")
    (tree / "answer").write_text(minified)
    npx = tree / "npx"
    npx.write_text(f'#!/bin/sh\ncat "{tree}/answer"\n')
    npx.chmod(0o755)


def _make(tree: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(tree / ".ci" / "sdk.py"), *more]
    environ = {"PATH": f"{tree}:/usr/bin:/bin"}
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def test_the_same_source_gives_the_same_bytes(tmp_path: Path) -> None:
    """`make sdk` is reproducible: the committed file is what it makes."""
    minifier, *options = manifest()["minifier"].split()
    command = ["npm", "exec", "--offline", "--yes", "--package", minifier, "--", "uglifyjs"]
    if not shutil.which("npm"):
        pytest.skip("npm is needed by `make sdk` alone")
    source = shutil.copy(SDK / "nudge.js", tmp_path)
    done = subprocess.run([*command, source, *options], capture_output=True, check=False)
    if b"ENOTCACHED" in done.stderr:
        pytest.skip("npm has not got the minifier; `make sdk` brings it")
    assert done.stdout.strip() == SERVED.read_bytes(), done.stderr


def test_the_wheel_has_every_version(tmp_path: Path) -> None:
    """`pip install nudge` brings what the service gives to pages."""
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    names = set(zipfile.ZipFile(wheel).namelist())
    files = {f"{version}/nudge.js" for version in manifest()["versions"]} | {"manifest.json"}
    assert {f"nudge/api/static/sdk/{name}" for name in files} <= names


def test_the_types_name_what_the_script_has() -> None:
    """`nudge.d.ts` and the script have the same functions."""
    types = (SDK / "nudge.d.ts").read_text()
    typed = re.findall(r"^export function (\w+)\(", types, re.MULTILINE)
    told = run_node("-p", f"Object.keys(require('{SERVED}')).join()")
    assert sorted(typed) == sorted(told.stdout.strip().split(","))


def test_the_package_has_all_that_it_names() -> None:
    """The files that `package.json` names are there, with a licence and a page of their own."""
    told = json.loads((SDK / "package.json").read_text())
    named = {told["main"], told["types"], *told["files"], "README.md", "LICENSE"}
    assert named == {name for name in named if (SDK / name).is_file()}
    assert (SDK / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is needed by `make sdk` alone")
def test_npm_packs_it() -> None:
    """`npm pack` takes the directory, and puts in what it should and nothing else."""
    command = ["npm", "pack", "--dry-run", "--json", "--offline"]
    done = subprocess.run(command, cwd=SDK, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    # npm 10 answers a list, later ones a table by name.
    (package,) = told if isinstance(told, list) else told.values()
    paths = {file["path"] for file in package["files"]}
    assert paths == {"nudge.js", "nudge.d.ts", "package.json", "README.md", "LICENSE"}

"""Minify the browser SDK, sdk/nudge.js, into the files that the service gives: `make sdk`.

They are nudge/api/static/sdk/VERSION/nudge.js and the manifest beside that folder. The version is
that of sdk/package.json. A version that was served never changes: pages name its hash. Only one
that was not released yet may be made anew, with `--again`.
"""  # noqa: INP001 - a script

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SDK = ROOT / "sdk"
SERVED = ROOT / "nudge" / "api" / "static" / "sdk"
TOOL = "uglify-js@3.19.3"
OPTIONS = ("--compress", "passes=3,unsafe,arrows=false,templates=false", "--mangle", "toplevel")
MOST = 2048


def minify(source: Path) -> bytes:
    """Return the minified script, which always is the same for the same source."""
    command = ["npx", "--yes", TOOL, str(source), *OPTIONS]
    return subprocess.run(command, check=True, capture_output=True).stdout.strip()  # noqa: S603


def main(*, again: bool) -> None:
    """Write the present version, and refuse to change one that was served."""
    manifest = json.loads((SERVED / "manifest.json").read_text())
    version = json.loads((SDK / "package.json").read_text())["version"]
    text = minify(SDK / "nudge.js")
    integrity = "sha384-" + base64.b64encode(hashlib.sha384(text).digest()).decode()
    known = manifest["versions"].get(version, {}).get("integrity", integrity)
    if known != integrity and not again:
        sys.exit(f"{version} is served already: raise the version in sdk/package.json")
    size = len(gzip.compress(text, 9, mtime=0))
    if size > MOST:
        sys.exit(f"{size} bytes gzipped; at most {MOST}")
    manifest["current"] = version
    manifest["minifier"] = " ".join((TOOL, *OPTIONS))
    manifest["source"] = hashlib.sha256((SDK / "nudge.js").read_bytes()).hexdigest()
    manifest["versions"][version] = {"integrity": integrity}
    target = SERVED / version
    target.mkdir(parents=True, exist_ok=True)
    (target / "nudge.js").write_bytes(text)
    (SERVED / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    print(f"{version}: {len(text)} bytes, {size} gzipped, {integrity}")  # noqa: T201


if __name__ == "__main__":
    main(again="--again" in sys.argv)

"""Files of the browser SDK: each version that was ever served, with its integrity hash."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import resources
from typing import Any, Final

import orjson

NAME: Final = "nudge.js"
FOLDER: Final = resources.files("nudge.api").joinpath("static", "sdk")
"""Files that `make sdk` writes: a folder for each version, and the manifest."""


@dataclass(frozen=True)
class SdkFile:
    """One version of the SDK, as browsers get it.

    Attributes:
        version: in the path.
        integrity: hash by which a browser checks the file, as its attribute has it.
        text: of the script.
    """

    version: str
    integrity: str
    text: bytes

    @property
    def path(self) -> str:
        """Path on the service; what lies there never changes."""
        return f"/sdk/{self.version}/{NAME}"

    def tag(self, endpoint: str) -> str:
        """Return the element that a page loads the script with.

        Args:
            endpoint: address of the service, without a slash at its end.
        """
        source = f'src="{escape(endpoint)}{self.path}"'
        return f'<script {source} integrity="{self.integrity}" crossorigin="anonymous"></script>'


@dataclass(frozen=True)
class SdkFiles:
    """All versions of the SDK, and the present one.

    Attributes:
        current: version that new pages use.
        versions: version -> its file.
    """

    current: str
    versions: Mapping[str, SdkFile]


@cache
def read_sdk_files() -> SdkFiles:
    """Read the files once a process: an installation does not change under it."""
    manifest: dict[str, Any] = orjson.loads(FOLDER.joinpath("manifest.json").read_bytes())
    found = {
        version: SdkFile(
            version,
            told["integrity"],
            FOLDER.joinpath(version, NAME).read_bytes(),
        )
        for version, told in manifest["versions"].items()
    }
    return SdkFiles(manifest["current"], found)


@cache
def compress_sdk(version: str) -> bytes:
    """Return a version of the script in gzip, the same bytes each time."""
    return gzip.compress(read_sdk_files().versions[version].text, 9, mtime=0)

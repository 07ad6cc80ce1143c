"""Endpoints GET /sdk/{version}/nudge.js and GET /sdk/nudge.json: the browser SDK, for pages.

What lies at a version's path never changes: browsers keep it for a year, and check it by its hash.
"""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, request

from nudge.api.auth import ANY_ORIGIN
from nudge.api.operation import open_to_all
from nudge.api.provider import answer
from nudge.api.sdk_files import compress_sdk, read_sdk_files
from nudge.errors import NotFoundError

FOR_EVER: Final = "public, max-age=31536000, immutable"
SCRIPT: Final = "text/javascript"
GZIP: Final = "gzip"

blueprint = Blueprint("sdk", __name__)


@blueprint.get("/sdk/<string(maxlength=20):version>/nudge.js")
@open_to_all
def script(version: str) -> Response:
    """Return a version of the SDK, compressed where the browser takes it.

    Raises:
        NotFoundError: there never was such a version.
    """
    found = read_sdk_files().versions.get(version)
    if found is None:
        raise NotFoundError("no such version of the SDK; GET /sdk/nudge.json names the present one")
    packed = request.accept_encodings[GZIP] > 0
    response = Response(compress_sdk(version) if packed else found.text, mimetype=SCRIPT)
    if packed:
        response.headers["Content-Encoding"] = GZIP
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = FOR_EVER
    return response


@blueprint.get("/sdk/nudge.json")
@open_to_all
def manifest() -> Response:
    """Return version, path and hash of the present SDK, and which versions there are."""
    files = read_sdk_files()
    present = files.versions[files.current]
    return answer(
        {
            "version": present.version,
            "path": present.path,
            "integrity": present.integrity,
            "bytes": len(present.text),
            "gzip_bytes": len(compress_sdk(present.version)),
            "versions": sorted(files.versions),
        }
    )


@blueprint.after_request
def allow_pages(response: Response) -> Response:
    """Let pages of every origin read the files: they are public, and the same for everybody."""
    response.headers["Access-Control-Allow-Origin"] = ANY_ORIGIN
    return response

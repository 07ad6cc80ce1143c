"""GET /sdk/{version}/nudge.js and /sdk/nudge.json: the browser SDK, as pages load it."""

from __future__ import annotations

import base64
import gzip
import hashlib

from api_web import Web

from nudge.api.sdk_files import read_sdk_files


def test_the_script_is_kept_for_a_year(web: Web) -> None:
    """A version never changes; every origin may load it, and nobody guesses its kind."""
    answer = web.http.get(read_sdk_files().versions[read_sdk_files().current].path)
    assert answer.status_code == 200
    assert answer.content_type == "text/javascript; charset=utf-8"
    assert answer.headers.getlist("Cache-Control") == ["public, max-age=31536000, immutable"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Content-Encoding" not in answer.headers


def test_a_browser_gets_it_compressed(web: Web) -> None:
    """The gzip form is the same script, in equal bytes each time; caches keep both apart."""
    told = web.http.get("/sdk/nudge.json").json
    packed = web.http.get(told["path"], headers={"Accept-Encoding": "gzip, deflate, br"})
    plain = web.http.get(told["path"], headers={"Accept-Encoding": "gzip;q=0"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert len(packed.data) == told["gzip_bytes"] <= 2048
    assert gzip.decompress(packed.data) == plain.data


def test_the_hash_is_that_of_the_script(web: Web) -> None:
    """`/sdk/nudge.json` names version, path and the hash by which a browser checks the script."""
    answer = web.http.get("/sdk/nudge.json")
    told = answer.json
    script = web.http.get(told["path"]).data
    digest = base64.b64encode(hashlib.sha384(script).digest()).decode()
    assert told["integrity"] == f"sha384-{digest}"
    assert (told["bytes"], told["version"] in told["versions"]) == (len(script), True)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_every_version_stays(web: Web) -> None:
    """A page that pins a version gets it for ever; one that never was is a 404 that says more."""
    for version in web.http.get("/sdk/nudge.json").json["versions"]:
        assert web.http.get(f"/sdk/{version}/nudge.js").status_code == 200
    for version in ("0.0.1", "..", "latest", "%2e%2e", "x" * 30):
        answer = web.http.get(f"/sdk/{version}/nudge.js")
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")
        assert answer.headers.getlist("Cache-Control") == ["no-store"]
    assert "nudge.json" in web.http.get("/sdk/0.0.1/nudge.js").json["message"]

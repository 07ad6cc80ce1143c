"""The shipped example of a reverse proxy, `deploy/nginx.conf`, run as it is by Debian's nginx."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from child_processes import eventually, free_port
from places import ROOT
from standin_web import Web
from test_slow_clients import POST, ask, connect, until_end

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
AROUND = """
{user}
daemon off; worker_processes 1; pid {place}/pid; error_log {place}/log;
events {{ worker_connections 4096; }}
http {{
    access_log off; client_body_temp_path {place}/body; proxy_temp_path {place}/proxy;
    fastcgi_temp_path {place}/f; uwsgi_temp_path {place}/u; scgi_temp_path {place}/s;
    include {place}/nudge.conf;
}}
"""

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed: apt-get install nginx"),
]


@pytest.fixture(scope="module")
def proxied(web: Web) -> Iterator[Web]:
    """The web behind nginx, with the shipped file but for its two ports."""
    port = free_port()
    shipped = (ROOT / "deploy" / "nginx.conf").read_text()
    here = shipped.replace("listen 80;", f"listen 127.0.0.1:{port};")
    here = here.replace("127.0.0.1:8000", f"127.0.0.1:{web.port}")
    with tempfile.TemporaryDirectory(prefix="nudge-nginx-") as place:
        user = "user root;" if os.geteuid() == 0 else ""
        (Path(place) / "nudge.conf").write_text(here)
        (Path(place) / "nginx.conf").write_text(AROUND.format(place=place, user=user))
        command = [str(NGINX), "-p", place, "-c", f"{place}/nginx.conf"]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            assert eventually(lambda: _listens(port))
            yield replace(web, port=port)
        finally:
            process.terminate()
            process.wait(20)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_s01_behind_nginx_slow_clients_reach_nobody(proxied: Web) -> None:
    """Beside 400 slow clients of the proxy a request is answered; slow ones are closed by it."""
    slow = [connect(proxied, said) for said in (b"", POST) for _ in range(100)]
    slow += [connect(proxied, POST + b"Content-Length: 900\r\n\r\n{") for _ in range(200)]
    assert ask(proxied, POST + b"Content-Length: 5\r\n\r\nhello") == (200, b"hello")
    until_end(slow[0])
    for sock in slow:
        sock.close()


def test_s01_behind_nginx_a_stream_is_answered_while_it_comes(proxied: Web) -> None:
    """Neither its lines nor their answers wait in the proxy for the end."""
    head = b"POST /v1/sms/timings HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
    with connect(proxied, head + b"Transfer-Encoding: chunked\r\n\r\n") as sock:
        found = b""
        for line in (b"first\n", b"second\n"):
            sock.sendall(b"%x\r\n%b\r\n" % (len(line), line))
            while line not in found:
                found += sock.recv(4096)
        sock.sendall(b"0\r\n\r\n")


def test_s01_behind_nginx_errors_have_the_one_form(proxied: Web) -> None:
    """A body that is too large is 413, in JSON."""
    status, body = ask(proxied, POST + b"Content-Length: 9000000\r\n\r\n")
    assert status == 413
    assert json.loads(body)["code"] == "too_large"

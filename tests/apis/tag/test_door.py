"""How the script is served, and what it may be."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import tollhouse.apis.tag
from tests.harness import InProcess

SCRIPT = Path(tollhouse.apis.tag.__file__).parent / "app.js"

#: What it may weigh on its way to a browser.
ZIPPED_BYTES_MAX = 5_000


def test_it_is_small_and_plain() -> None:
    text = SCRIPT.read_text(encoding="ascii")
    assert len(gzip.compress(SCRIPT.read_bytes(), 9, mtime=0)) < ZIPPED_BYTES_MAX
    assert max(map(len, text.splitlines())) <= 120


def test_it_names_no_other_host() -> None:
    assert re.findall(r"https?://[^.\"'`/ ]+\.[^\"'`/ ]+", SCRIPT.read_text(encoding="ascii")) == []


@pytest.mark.skipif(not shutil.which("node"), reason="There is no Node here.")
def test_it_parses() -> None:
    subprocess.run(["node", "--check", str(SCRIPT)], check=True)


def test_every_origin_may_have_it(application: InProcess) -> None:
    answer = application.request("GET", "/js/app.js?v=1", key=None)
    assert (answer.status, answer.body) == (200, SCRIPT.read_bytes())
    expected = {
        "content-type": "text/javascript; charset=utf-8",
        "cache-control": "public, max-age=3600",
        "vary": "accept-encoding",
        "access-control-allow-origin": "*",
        "cross-origin-resource-policy": "cross-origin",
        "x-content-type-options": "nosniff",
        "content-length": str(len(answer.body)),
    }
    assert answer.headers == answer.headers | expected
    assert re.fullmatch('"[0-9a-f]{32}"', answer.headers["etag"])
    head = application.request("HEAD", "/js/app.js", key=None)
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(answer.body)))
    assert head.headers["etag"] == answer.headers["etag"]


@pytest.mark.parametrize(
    ("accepted", "zipped"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5, *;q=0.1", True),
        ("gzip ; q=1.0", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip;q=0.000, br", False),
        ("xgzip", False),
    ],
)
def test_it_is_zipped_for_those_who_read_that(application: InProcess, accepted: str, zipped: bool) -> None:
    answer = application.request("GET", "/js/app.js", key=None, headers={"Accept-Encoding": accepted})
    assert ("content-encoding" in answer.headers) is zipped
    assert (gzip.decompress(answer.body) if zipped else answer.body) == SCRIPT.read_bytes()


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_who_has_it_is_told_that_it_is_the_same(application: InProcess, encoding: str) -> None:
    def ask(*tags: str, method: str = "GET") -> tuple[int, dict[str, str]]:
        sent = [(b"if-none-match", tag.encode()) for tag in tags]
        answer = application.request(
            method, "/js/app.js", key=None, headers=[(b"accept-encoding", encoding.encode()), *sent]
        )
        assert answer.status == 200 or answer.body == b""
        return answer.status, answer.headers

    tag = ask()[1]["etag"]
    for same in ([tag], [f"W/{tag}"], [f'"other", {tag}'], ['"other"', tag], ["*"]):
        status, headers = ask(*same)
        assert (status, headers["etag"]) == (304, tag)
        assert "content-length" not in headers
        assert not {"content-type", "content-encoding"} & headers.keys()
        assert headers["cache-control"] == "public, max-age=3600"
    assert ask(tag, method="HEAD")[0] == 304
    for other in ('"other"', tag.strip('"'), ""):
        assert ask(other)[0] == 200


def test_each_encoding_has_a_tag_of_its_own(application: InProcess) -> None:
    tags = {
        application.request("GET", "/js/app.js", key=None, headers={"accept-encoding": encoding}).headers["etag"]
        for encoding in ("identity", "gzip")
    }
    assert len(tags) == 2


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_reading_is_all_there_is_to_do(application: InProcess, method: str) -> None:
    answer = application.request(method, "/js/app.js", key=None)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "path", ["/js", "/js/", "/js/app", "/js/app.js/x", "/js/door.py", "/js/../door.py", "/js/%2e%2e/door.py"]
)
def test_there_is_nothing_else(application: InProcess, path: str) -> None:
    assert application.request("GET", path, key=None).status == 404

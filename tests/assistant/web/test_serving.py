"""The page is served on this machine, at a free port, complete and without a word to anybody else."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.errors import BadSettings
from assistant.web.first_page import FirstPage
from assistant.web.serving import Place, address_of, listen

REPO_ROOT = Path(__file__).resolve().parents[3]


# --- places ------------------------------------------------------------------------------------------------------


def test_the_next_free_port_is_taken_when_the_first_is_not_free() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with listen(Place("127.0.0.1", None, taken)) as ours:
            assert ours.getsockname()[1] != taken


def test_a_port_asked_for_by_number_is_taken_or_refused() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(BadSettings, match=r"--port \d+ on 127.0.0.1: .*leave --port out"):
            listen(Place("127.0.0.1", other.getsockname()[1], 7860))


def test_an_address_that_is_not_ours_is_refused_in_one_line() -> None:
    with pytest.raises(BadSettings, match="--host 203.0.113.9 cannot be listened on"):
        listen(Place("203.0.113.9", None, 7860))


def test_listening_is_on_the_address_named_and_no_other() -> None:
    with listen(Place("127.0.0.1", None, 7860)) as ours:
        assert ours.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:1/"),
        ("0.0.0.0", "http://127.0.0.1:1/"),
        ("::1", "http://[::1]:1/"),
        ("::", "http://[::1]:1/"),
        ("192.168.1.2", "http://192.168.1.2:1/"),
    ],
)
def test_the_address_told_can_be_opened_on_this_machine(host: str, address: str) -> None:
    assert address_of(host, 1) == address


# --- the first page ----------------------------------------------------------------------------------------------

PAGE = FirstPage("zh-CN", "标题 <1>", "p { color: red }", "1 < 2")


def test_the_first_page_has_our_language_title_style_and_script_and_no_preview_tags() -> None:
    gradios = (
        '<html\n\tlang="en"><head><meta property="og:image" content="https://example.com/x.jpg"\n/>'
        '<meta name="twitter:title" content="Gradio"><meta charset="utf-8"></head><body></body></html>'
    )
    assert PAGE.made_ours(gradios) == (
        '<html\n\tlang="zh-CN"><head><meta charset="utf-8"><title>标题 &lt;1&gt;</title>'
        "<style>p { color: red }</style><script>1 < 2</script></head><body></body></html>"
    )


def test_a_gradio_that_sends_another_page_is_noticed() -> None:
    with pytest.raises(ValueError, match="first_page.py must follow"):
        PAGE.made_ours("<html><body></body></html>")


# --- the server --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.doubles.page_server"],
        cwd=REPO_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(timeout=30)
        left = process.stdout.read()
        process.stdin.close()
        process.stdout.close()
    assert "OUTSIDE" not in left, "the server reached for another machine"


def get(url: str, **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.mark.parametrize(("path", "language"), [("", "zh-CN"), ("en/", "en")])
def test_the_first_page_names_no_other_machine(address: str, path: str, language: str) -> None:
    status, page = get(address + path)
    assert status == 200
    assert f'lang="{language}"' in page
    # The configuration is data for Gradio's script; examples of addresses in it are asked for by nobody.
    markup = re.sub(r"<script>window\.gradio_\w+ = .*?</script>", "", page, flags=re.S)
    assert all(f"{named}/".startswith(address) for named in re.findall(r"https?://[^\s\"'<>)]+", markup))
    assert not re.search(r"\b(?:src|href)=\"(?:https?:)?//", page)


def test_no_function_of_the_page_is_offered_to_programs(address: str) -> None:
    _, page = get(address)
    (told,) = re.findall(r"window\.gradio_api_info = (.*?);</script>", page, re.S)
    assert json.loads(told) == {"named_endpoints": {}, "unnamed_endpoints": {}}


def test_the_theme_fetches_no_font(address: str) -> None:
    status, css = get(address + "theme.css")
    assert status == 200
    assert all(url.startswith("data:") for url in re.findall(r"url\([\"']?([^)]*)", css))
    assert "@import" not in css and "@font-face" not in css


@pytest.mark.parametrize(
    "path",
    ["gradio_api/info", "gradio_api/file=/etc/hostname", "gradio_api/proxy=http://127.0.0.1/", "docs", "monitoring"],
)
def test_what_the_page_does_not_use_is_not_there(address: str, path: str) -> None:
    assert get(address + path)[0] == 404


def test_a_foreign_host_or_origin_gets_nothing(address: str) -> None:
    assert get(address, Host="evil.example")[0] == 403
    assert get(address, Origin="http://evil.example")[0] == 403
    assert get(address, Host="evil.example")[1] == "Host is not an address of this page\n"

"""``./ems docs``: the documents as a site, whole, searchable and without another host."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).resolve().parent.parent


def docs(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "docs", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload,no-any-return]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = docs("--build", "--to", str(folder))
    assert done.returncode == 0, done.stderr  # a dead link or an unknown reference is an error
    return folder


def test_every_document_is_a_page_that_the_first_one_leads_to(site: Path) -> None:
    first = (site / "index.html").read_text()
    assert "Smart EMS" in first
    for document in (ROOT / "docs").glob("*.md"):
        assert (site / f"{document.stem}.html").is_file()
        assert document.stem == "index" or f'href="{document.stem}.html' in first


def test_nothing_is_asked_from_another_host(site: Path) -> None:
    loaded = r"""(?:src=|<link[^>]*href=|@import |url\()["']?(?:https?:)?//[^"') ]+"""
    for file in [*site.glob("*.html"), *site.rglob("*.css")]:
        assert re.findall(loaded, file.read_text()) == [], file.name


def test_it_can_be_searched(site: Path) -> None:
    index = (site / "searchindex.js").read_text()
    assert "transform" in index  # stems of words
    assert "capacitor" in index


def test_it_is_served_on_this_computer(site: Path) -> None:
    command = [sys.executable, "manage.py", "docs", "--port", "0", "--to", str(site)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        said = server.stdout.readline()
        address = re.findall(r"http://127\.0\.0\.1:\d+/", said)[0]
        with urlopen(address + "alarms.html") as answer:  # noqa: S310  # an address of our own
            assert b"<h1>" in answer.read()
    finally:
        server.terminate()
        server.wait(20)


def test_a_port_that_is_none_is_said_in_words(site: Path) -> None:
    done = docs("--port", "99999", "--to", str(site))
    assert done.returncode == 1
    assert "Choose another with --port" in done.stderr

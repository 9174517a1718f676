"""The page in a real, headless Chromium: one with a new, empty profile, and in it a context of its own for every test.

Without chromium or playwright these tests are skipped.
"""

from __future__ import annotations

import dataclasses
import functools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.measures.folds import Sided
from analyzer.measures.rows import Side
from analyzer.options import AnalyzeOptions
from analyzer.pipeline import analyze
from analyzer.report.html import render
from analyzer.report.model import Report
from tests import hostile

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Dialog, Page

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


class Sight:
    """A page that was opened, and everything it said or asked for."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.said: list[str] = []
        self.asked: list[str] = []
        self.failed: dict[str, str | None] = {}
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("dialog", self._dismiss)
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("requestfailed", lambda request: self.failed.update({request.url: request.failure}))

    def _dismiss(self, dialog: Dialog) -> None:
        self.said.append(f"dialog {dialog.message}")
        dialog.dismiss()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The system's chromium; playwright brings none of its own."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright (pip install 'dnsloupe[dev]')")
    if shutil.which("chromium") is None:
        pytest.skip("no chromium on the PATH")
    with sync_api.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=shutil.which("chromium"), headless=True, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def page_of(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The page of a sample by name, on disk; `hostile` and `large` are made here."""

    @functools.cache
    def made(name: str) -> Path:
        folder = tmp_path_factory.mktemp("page")
        capture = folder / "hostile.pcap" if name == "hostile" else samples / name
        if name == "hostile":
            capture.write_bytes(hostile.capture())
        report = _large(samples) if name == "large" else analyze([str(capture)], AnalyzeOptions())
        target = folder / "page.html"
        target.write_text(render(report), encoding="utf-8")
        return target

    return made


def _large(samples: Path) -> Report:
    """A report whose table of names has ten thousand rows."""
    report = analyze([str(samples / "healthy.pcap.gz")], AnalyzeOptions())
    row = report.tables["names"].rows[0]
    rows = [dataclasses.replace(row, qname=f"n{at:05}.example.org", queries=10_000 - at) for at in range(10_000)]
    names: Sided[Any] = Sided(Side.CLIENT, False, {Side.CLIENT: rows})
    return dataclasses.replace(report, tables={**report.tables, "names": names, "bases": names})


@pytest.fixture
def browse(browser: Any, page_of: Callable[[str], Path]) -> Iterator[Callable[..., Sight]]:
    """Opens the page of a sample at a width, in a colour scheme, with or without scripts."""
    opened: list[BrowserContext] = []

    def look(name: str, width: int = 1400, scheme: str = "light", scripts: bool = True) -> Sight:
        size = {"width": width, "height": 1000}
        opened.append(browser.new_context(viewport=size, color_scheme=scheme, java_script_enabled=scripts))
        sight = Sight(opened[-1].new_page())
        sight.page.goto(page_of(name).as_uri())
        return sight

    yield look
    for context in opened:
        context.close()

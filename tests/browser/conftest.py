"""A browser and a service for the tests of the page. They need Playwright and a chromium, and skip without either."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import fake_service
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM:
        pytest.skip("the page's tests need a chromium, on PATH or in $CHROMIUM (make test-browser)")
    sync_api = pytest.importorskip("playwright.sync_api", reason="the page's tests need Playwright: make test-browser")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def serve() -> Iterator[Callable]:
    """Starts a service of a kind and returns its address and itself."""
    servers = []

    def start(kind="spans"):
        server = fake_service.start(fake_service.kinds(kind))
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}/", server.service

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def report(page, message) -> None:
    """Remember an error of the page; that a request was refused, the browser reports by itself."""
    if message.type == "error" and "Failed to load resource" not in message.text:
        page.problems.append(message.text)


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable]:
    """Opens a page. Afterwards none may have reported an error or asked another host for anything."""
    pages = []

    def open_(url, **options):
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on("console", lambda message: report(page, message))
        page.on("request", lambda request: None if request.url.startswith(url) else page.problems.append(request.url))
        page.goto(url)
        page.wait_for_selector("#main .sentence, #main .text")
        pages.append(page)
        return page

    yield open_
    for page in pages:
        page.context.close()
    assert [problem for page in pages for problem in page.problems] == []

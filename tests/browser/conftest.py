"""A browser, and services with small models, for the tests of the page: ``make test-browser``.

Elsewhere they are skipped. They need the extra [browser] and a chromium, in $CHROMIUM or on PATH.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page

CHROMIUM = os.environ.get("CHROMIUM") or "chromium"
PATIENCE = 60_000
"""Milliseconds to wait for what must come: a busy machine takes its time to learn."""
TOKEN = "a-token-of-the-tests"


class Running:
    """An ``elman serve`` of its own process, on a small model and sentences without tags."""

    def __init__(self, folder: Path, *options: str, files: Sequence[str] = ("new.jsonl",)) -> None:
        self.folder, self.options, self.files, self.port = folder, options, files, 0
        (folder / "token").write_text(TOKEN)
        self.start()

    def start(self) -> None:
        """Start it, the second time on the port of the first."""
        files = ["small.model", *self.files, "--replay", "train.jsonl", "--token-file", "token"]
        command = [sys.executable, "-m", "elman", "serve", *files, "--port", str(self.port), "--quiet", *self.options]
        self.process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        self.base = self.url.partition("?")[0]
        self.port = int(self.base.rsplit(":", 1)[1].strip("/"))

    def kill(self) -> None:
        """End it as a power cut does."""
        self.process.kill()
        self.close()

    def close(self) -> None:
        self.process.terminate()
        self.process.communicate()

    def ask(self, path: str, body: object = None) -> Any:
        """Return the JSON that a path answers, to a body if there is one."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.base + path, data, headers)) as answer:
            return json.load(answer)

    def corrections(self) -> list[Any]:
        """Return what has been corrected so far, oldest first."""
        return [one for one in self.ask("v1/corrections")["corrections"] if one["kind"] == "correction"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if "ELMAN_TEST_BROWSER" not in os.environ:
        pytest.skip("make test-browser runs the tests of the page")
    from playwright import sync_api

    with sync_api.sync_playwright() as playwright:
        sync_api.expect.set_options(timeout=PATIENCE)
        browser = playwright.chromium.launch(executable_path=shutil.which(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Returns the folder with the model and the sentences of a kind."""
    import page_texts

    folders: dict[str, Path] = {}

    def prepare(kind: str) -> Path:
        if kind not in folders:
            folders[kind] = tmp_path_factory.mktemp(kind)
            page_texts.prepare(kind, folders[kind])
        return folders[kind]

    return prepare


@pytest.fixture
def serve(prepared: Callable[[str], Path], tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts a service of a kind, with a database of its own."""
    running: list[Running] = []

    def start(kind: str = "spans", *options: str, **given: Any) -> Running:
        folder = tmp_path / str(len(running))
        shutil.copytree(prepared(kind), folder)
        running.append(Running(folder, *options, **given))
        return running[-1]

    yield start
    for service in running:
        service.close()


@pytest.fixture(scope="session")
def read_only(
    prepared: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Running]]:
    """Returns the service of a kind that all tests share, for those that change nothing."""
    running: dict[str, Running] = {}

    def get(kind: str) -> Running:
        if kind not in running:
            folder = tmp_path_factory.mktemp("read-only") / kind
            running[kind] = Running(shutil.copytree(prepared(kind), folder))
        return running[kind]

    yield get
    for service in running.values():
        service.close()


def leave(problems: list[str], dialog: Dialog) -> None:
    """Leave a page that has something unsent; it opens no other dialogs."""
    if dialog.type != "beforeunload":
        problems.append(dialog.message)
    dialog.accept()


def report(problems: list[str], message: ConsoleMessage) -> None:
    """Remember an error of the page; that a request was refused, the browser reports by itself."""
    if message.type == "error" and "Failed to load resource" not in message.text:
        problems.append(message.text)


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a service's page. At the end no page may have reported an error, or asked another host for anything."""
    contexts, problems = [], []

    def open_(service: Running, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: leave(problems, dialog))
        page.on("console", lambda message: report(problems, message))
        page.on("request", lambda asked: None if asked.url.startswith(service.base) else problems.append(asked.url))
        page.goto(service.url)
        page.wait_for_selector("#main .sentence, #main .text, #main p:has-text('There are no')")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert problems == []

"""The page "In the browser" tags what is typed as the command line does, in Chromium; it asks no other host."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import elman

pytest.importorskip("onnx", reason="onnx is not installed: make test-integrations has it")
playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: make test-integrations has it"
)

ROOT = Path(__file__).resolve().parents[2]
RUNTIME = max(ROOT.glob("build/onnxruntime-web-*"), default=None)
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
SMALL: dict[str, Any] = {"hidden": 16, "embedding": 8, "feature_embedding": 8, "epochs": 2, "ensemble": 1}
PAGE = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">{}'
LONG = 120_000  # milliseconds; a busy machine compiles the runtime slowly


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a log."""

    def log_message(self, *given: Any) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The two lines of the page, its script and the runtime, as the site has them: the folder and its address."""
    if RUNTIME is None:
        pytest.skip("onnxruntime-web is not in build/: make test-integrations gets it, where there is npm")
    if CHROMIUM is None:
        pytest.skip("there is no chromium (Debian, Ubuntu: apt install chromium)")
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(RUNTIME, folder / "onnx")
    shutil.copytree(ROOT / "docs" / "javascripts", folder / "javascripts")
    text = (ROOT / "docs" / "guides" / "browser.md").read_text(encoding="utf-8")
    start, end = text.index('<div id="onnx-tagger"'), text.index("</script>") + len("</script>")
    (folder / "guides").mkdir()
    (folder / "guides" / "browser.html").write_text(PAGE.format(text[start:end]), encoding="utf-8")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as running:
        chromium = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def opened(browser: Any, address: str) -> Any:
    """Open the page; wait until its own text is tagged."""
    page = browser.new_page()
    page.set_default_timeout(LONG)
    page.goto(f"{address}/guides/browser.html")
    wait(page, "words in")
    return page


def wait(page: Any, text: str) -> None:
    """Wait until the page says this."""
    page.wait_for_function("text => document.querySelector('[role=status]').textContent.includes(text)", arg=text)


def shown(page: Any, sentences: list[list[str]]) -> list[list[list[str]]]:
    """Type sentences; return the rows of each one's table."""
    page.fill("textarea", "\n".join(" ".join(words) for words in sentences))
    wait(page, f"{sum(map(len, sentences))} words in")
    rows: list[list[list[str]]] = page.evaluate(
        "[...document.querySelectorAll('#onnx-tagger table')].map("
        "table => [...table.rows].map(row => [...row.cells].map(cell => cell.textContent)))"
    )
    return rows


def train(data: Any, **options: Any) -> Any:
    model = elman.train(data, settings=SMALL, threads=1, on_warning=lambda _: None, **options)
    model.choose_precision("exact")
    return model


def test_english_as_on_the_command_line(site: tuple[Path, str], browser: Any, shared_data: Path) -> None:
    folder, address = site
    treebank = shared_data / "ud" / "en_ewt"
    model = train(treebank / "en_ewt-ud-dev.conllu", target="upos,xpos")
    elman.export_onnx(model, folder / "onnx" / "address.onnx")
    blocks = (treebank / "en_ewt-ud-test.conllu").read_text(encoding="utf-8").split("\n\n")[:50]
    rows = [[line.split("\t") for line in block.split("\n")] for block in blocks]
    sentences = [[fields[1] for fields in own if fields[0].isdigit()] for own in rows]
    page = opened(browser, address)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    wait(page, "words in")
    predicted = model.predict(sentences, columns="upos,xpos")
    assert shown(page, sentences) == [
        [words, tags["upos"], tags["xpos"]] for words, tags in zip(sentences, predicted, strict=True)
    ]
    assert len(asked) == 6 and all(url.startswith((address, "data:", "blob:")) for url in asked)
    page.close()


def test_a_model_of_ones_own(site: tuple[Path, str], browser: Any, tmp_path: Path) -> None:
    """A file that is chosen on the page: here a classifier with several labels."""
    folder, address = site
    texts = [("good film", "film|good"), ("bad book", "book"), ("good book", "book|good"), ("film", "film")] * 4
    model = train([elman.Sentence(tuple(t.split()), labels={"label": label}) for t, label in texts], target="label")
    elman.export_onnx(model, tmp_path / "own.onnx")
    tagger = train([[("the", "D"), ("dog", "N")], [("a", "D"), ("cat", "N")]] * 4)
    elman.export_onnx(tagger, folder / "onnx" / "address.onnx")
    page = opened(browser, address)
    assert shown(page, [["the", "dog"]]) == [[["the", "dog"], tagger.tag(["the", "dog"])]]
    page.set_input_files("input[type=file]", tmp_path / "own.onnx")
    page.wait_for_selector("text=label:")
    labels = [model.classify(text).replace("|", " | ") for text in ("good film", "bad book now")]
    found = shown(page, [["good", "film"], ["bad", "book", "now"]])
    assert [rows[-1] for rows in found] == [[f"label: {label}"] for label in labels]
    (tmp_path / "no.onnx").write_text("no model", encoding="utf-8")
    page.set_input_files("input[type=file]", tmp_path / "no.onnx")
    wait(page, "This did not work")
    page.close()

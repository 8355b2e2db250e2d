"""Make the pictures of docs/guides/annotate.md: ``PYTHONPATH=tests/helpers python docs/images/annotate.py``.

A model of made-up addresses tags others with cities that it does not know, and learns them. Needs the extras serve and
browser, Pillow, and a chromium, in $CHROMIUM or on PATH.
"""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from example_data import CITIES, NEW_CITIES, address
from page_texts import sentence, write

IMAGES = Path(__file__).parent
WIDTH = 960
COLOURS = 128
FIRST, THEN = 50, 50
"""Number of sentences that are corrected before the picture of the page, and before the last ones."""


class Service:
    """An ``elman serve`` on addresses, and the tags that they ought to have."""

    def __init__(self, folder: Path) -> None:
        draw = random.Random(4)
        known = [address(draw, CITIES[:4]) for _ in range(60)]
        write([sentence(zip(*pairs, strict=True), "part") for pairs in known], folder / "train.jsonl")
        gold = [address(draw, CITIES + NEW_CITIES) for _ in range(400)]
        self.gold = {tuple(word for word, _ in pairs): [tag for _, tag in pairs] for pairs in gold}
        (folder / "new.txt").write_text("".join(" ".join(words) + "\n" for words in self.gold))
        elman = [sys.executable, "-m", "elman"]
        train = ["train", "train.jsonl", "-o", "address.model", "--preset", "fast", "--quiet"]
        subprocess.run([*elman, *train], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        serve = ["serve", "address.model", "new.txt", "--replay", "train.jsonl", "--port", "0", "--quiet"]
        self.process = subprocess.Popen([*elman, *serve], cwd=folder, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        self.base, _, self.token = self.url.partition("?token=")

    def ask(self, path: str, body: object = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.base + path, data, headers)) as answer:
            return json.load(answer)

    def correct(self, card: dict[str, Any]) -> None:
        """Give a sentence the tags that it ought to have."""
        [(name, column)] = card["columns"].items()
        before, after = column["tags"], self.gold[tuple(card["words"])]
        labels: dict[str, str] = {}
        values = {
            "before": {"columns": {name: before}, "labels": labels},
            "after": {"columns": {name: after}, "labels": labels},
        }
        self.ask("v1/corrections", {"id": card["id"], "annotator": "annotator", "seconds": 4.0, **values})


def save(page: Page, name: str, selector: str = "body") -> None:
    """Save a part of the page as a picture of at most 100 kB."""
    path = IMAGES / f"annotate-{name}.png"
    taken = page.locator(selector).screenshot(animations="disabled")
    Image.open(io.BytesIO(taken)).convert("RGB").quantize(COLOURS).save(path, optimize=True)
    assert path.stat().st_size <= 100_000, f"{path.name}: {path.stat().st_size} bytes"


def wait_for_learning(page: Page, service: Service) -> None:
    learning = {"state": "patching", "waiting": 1}
    while learning["state"] == "patching" or learning["waiting"]:
        page.wait_for_timeout(500)
        learning = service.ask("v1/status")["learning"]


def is_right(page: Page, service: Service) -> bool:
    """Return whether the sentence on the page has the tags that it ought to have."""
    titles = page.locator(".tag").evaluate_all("all => all.map((one) => one.title)")
    tags = [title.partition(": ")[2] for title in titles]
    return service.gold[tuple(page.locator(".word").all_inner_texts())] == tags


def correct_city(page: Page, service: Service) -> None:
    """Mark the city of the sentence on the page by keys and a button."""
    tags = service.gold[tuple(page.locator(".word").all_inner_texts())]
    page.keyboard.press("Home")
    for _ in range(tags.index("B-city")):
        page.keyboard.press("ArrowRight")
    for key in ["Shift+ArrowRight", *["Shift+ArrowRight"] * tags.count("I-city"), "Shift+ArrowLeft"]:
        page.keyboard.press(key)
    page.get_by_role("button", name="city").click()


def correct_some(page: Page, service: Service, n: int) -> None:
    """Correct the n most uncertain sentences, wait until they are learned, and begin again with the next."""
    for card in service.ask(f"v1/queue?limit={n}")["cards"]:
        service.correct(card)
    wait_for_learning(page, service)
    page.evaluate("sessionStorage.clear()")
    page.reload()
    page.wait_for_selector(".token")


def correct_one(page: Page, service: Service) -> None:
    """Correct the next sentence that the model gets wrong and learns from."""
    while "set aside" in page.locator(".badges").first.inner_text() or is_right(page, service):
        page.keyboard.press("Space")
    correct_city(page, service)
    page.keyboard.press("Enter")
    expect(page.locator("#learning")).to_contain_text("learned", timeout=20_000)
    page.wait_for_timeout(500)


def take_pictures(page: Page, service: Service) -> None:
    page.goto(service.url)
    page.wait_for_selector(".token")
    save(page, "card", "main > div")
    correct_city(page, service)
    page.keyboard.press(".")
    page.wait_for_selector("#explain .why")
    save(page, "why", "#explain")
    page.keyboard.press(".")
    correct_some(page, service, FIRST)
    correct_one(page, service)
    save(page, "page")
    correct_some(page, service, THEN)
    for view, part in (("report", "main > div > section:nth-of-type(2)"), ("models", "main > div")):
        page.keyboard.press(f"Alt+{view[0]}")
        page.wait_for_selector("main table")
        page.wait_for_timeout(500)
        save(page, view, part)


def main() -> None:
    executable = shutil.which(os.environ.get("CHROMIUM") or "chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        service = Service(Path(folder))
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": 470}, device_scale_factor=1.5)
        take_pictures(page, service)
        browser.close()
        service.process.terminate()
        service.process.communicate()


if __name__ == "__main__":
    main()

"""Measure the page of ``elman serve`` in a browser: ``python benchmarks/page_speed.py MODEL FILE --replay TRAIN``.

FILE has tags. The sentences in which the model contradicts them are accepted with Enter, each after the model has
learned the one before. The figures are kept in results/service.json. Needs the extras serve and browser, and a
chromium, in $CHROMIUM or on PATH.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from harness.measure import Figure, figure
from harness.service import Measurement

WATCH = """() => {
    window.shown = [];
    window.learned = [];
    const isLearned = () => /^(learned|patched)/.test(document.querySelector("#learning").textContent);
    addEventListener("keydown", ({ key }) => {
        if (key !== "Enter") return;
        const [start, old] = [performance.now(), document.querySelector(".sentence")];
        const painted = (times) => requestAnimationFrame(() => setTimeout(() => times.push(performance.now() - start)));
        const look = () => (document.querySelector(".sentence") === old ? setTimeout(look) : painted(window.shown));
        let begun = false;
        const wait = () => {
            begun ||= !isLearned();
            if (begun && isLearned()) painted(window.learned);
            else setTimeout(wait, 1);
        };
        look();
        wait();
    }, true);
}"""
"""Records, for each Enter, the milliseconds until the next card is painted, and until what was learned is."""
ALL = 50
"""Corrections of which the outcome is kept."""
FILES = """[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .filter((entry) => !entry.name.includes("/v1/"))"""
LOADED = f"{FILES}.reduce((sum, entry) => sum + entry.encodedBodySize, 0)"


def first_paints(page: Page, url: str, n: int) -> list[float]:
    """Return the milliseconds until the first paint of n visits."""
    times = []
    for _ in range(n):
        page.goto(url)
        page.wait_for_selector(".token")
        times.append(page.evaluate("performance.getEntriesByType('paint')[0].startTime"))
    return times


def accept(page: Page, n: int) -> tuple[list[float], list[float]]:
    """Accept sentences until n of them are learned; return the times to the next card and to what was learned."""
    page.select_option("#order", "slips")
    page.wait_for_selector(".token")
    page.evaluate(WATCH)
    while (done := page.evaluate("learned.length")) < n:
        learns = "set aside" not in page.locator(".badges").first.inner_text()
        page.keyboard.press("Enter")
        for _ in range(300 if learns else 2):
            page.wait_for_timeout(50)
            if page.evaluate("learned.length") > done:
                break
    return page.evaluate("shown"), page.evaluate("learned")


def report(name: str, figure: Figure) -> None:
    """Print a figure."""
    n = len(figure["rounds"])
    print(f"{name:32} median {figure['median']:7.1f} ms, worst {figure['highest']:7.1f} ms, of {n}")


def measured(page: Page, url: str, times: int) -> dict[str, Any]:
    """Return the figures of a page, and the bytes of its files as they are sent."""
    found: dict[str, Any] = {"paint": figure(first_paints(page, url, 10), "ms")}
    found["bytes_first"] = page.evaluate(LOADED)
    shown, learned = accept(page, times)
    found |= {"next": figure(shown, "ms"), "learned": figure(learned, "ms")}
    for key in ("?", "Escape", ".", "Alt+m", "Alt+r", "Alt+a"):  # whatever else it loads is loaded now
        page.keyboard.press(key)
        page.wait_for_timeout(300)
    return found | {"bytes": page.evaluate(LOADED), "requests": page.evaluate(f"{FILES}.length")}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("model")
    parser.add_argument("file")
    parser.add_argument("--replay")
    parser.add_argument("--times", type=int, default=ALL)
    given = parser.parse_args()
    measurement = Measurement()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        files = [shutil.copy(given.model, folder), str(Path(given.file).resolve())]
        replay = ["--replay", str(Path(given.replay).resolve())] if given.replay else []
        command = [sys.executable, "-m", "elman", "serve", *files, *replay, "--port", "0", "--quiet"]
        service = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
        assert service.stdout is not None
        url = service.stdout.readline().strip()
        executable = shutil.which(os.environ.get("CHROMIUM") or "chromium")
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        found = measured(page, url, given.times)
        report("first paint", found["paint"])
        report("Enter to the next card painted", found["next"])
        report("Enter to what was learned", found["learned"])
        print(f"{found['bytes_first']:,} bytes of files to begin with, {found['bytes']:,} in all")
        print(page.inner_text("#numbers"))
        chromium = browser.version
        browser.close()
        service.terminate()
        service.communicate()
    if given.times >= ALL:
        about = {"model": Path(given.model).name, "text": Path(given.file).name, "chromium": chromium}
        measurement.keep("page", found | about)


if __name__ == "__main__":
    main()

"""Measure the page of ``elman serve`` in a browser: ``python benchmarks/page_speed.py MODEL FILE --replay TRAIN``.

FILE has tags. The sentences in which the model contradicts them are accepted with Enter, each after the model has
learned the one before. Needs the extras serve and browser, and a chromium, in $CHROMIUM or on PATH.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

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
LOADED = """[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .filter((entry) => !entry.name.includes("/v1/")).reduce((sum, entry) => sum + entry.encodedBodySize, 0)"""


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


def report(name: str, times: list[float]) -> None:
    ordered = sorted(times)
    print(f"{name:32} median {statistics.median(times):7.1f} ms, worst {ordered[-1]:7.1f} ms, of {len(times)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("model")
    parser.add_argument("file")
    parser.add_argument("--replay")
    parser.add_argument("--times", type=int, default=50)
    given = parser.parse_args()
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
        report("first paint", first_paints(page, url, 10))
        print(f"{'loaded to begin with':32} {page.evaluate(LOADED):,} bytes")
        shown, learned = accept(page, given.times)
        report("Enter to the next card painted", shown)
        report("Enter to what was learned", learned)
        print(page.inner_text("#numbers"))
        browser.close()
        service.terminate()
        service.communicate()


if __name__ == "__main__":
    main()

"""How the page looks: axe finds nothing, nothing is cut off, colour is never the only sign."""

from __future__ import annotations

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="make test-browser runs the tests of the page")
expect = sync_api.expect
axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="make test-browser runs the tests of the page"
)
KINDS = ("spans", "several", "texts", "rtl", "odd")
SCREENS = {
    "800": {"viewport": {"width": 800, "height": 700}},
    "1440 dark": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"},
    "800 at 200 %": {"viewport": {"width": 400, "height": 350}, "device_scale_factor": 2},
    "800 in forced colours": {"viewport": {"width": 800, "height": 700}, "forced_colors": "active"},
}


def check(page) -> None:
    found = axe.Axe().run(page)
    places = [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found.response["violations"]]
    assert places == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls to the side"


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("kind", KINDS)
def test_sentences_of_all_kinds(read_only, open_page, kind, screen):
    page = open_page(read_only(kind), **SCREENS[screen])
    page.keyboard.press(".")
    page.wait_for_selector("#explain .why, #explain .note")
    check(page)


def test_other_views(serve, open_page):
    service = serve()
    for screen in SCREENS.values():
        page = open_page(service, **screen)
        for key in ("Home", "3", "Enter"):
            page.keyboard.press(key)
        expect(page.locator("#learning")).to_contain_text("learned")
        for view in ("r", "m"):
            page.keyboard.press(f"Alt+{view}")
            page.wait_for_selector("main table")
            check(page)
        page.keyboard.press("?")
        page.wait_for_selector("dialog[open]")
        check(page)


def test_figures_stay_on_one_line(serve, open_page):
    service = serve("odd")
    page = open_page(service, viewport={"width": 800, "height": 700})
    page.keyboard.press(".")
    page.wait_for_selector("#explain .share")
    assert page.locator("#explain .share").evaluate_all("all => all.every((one) => one.clientHeight < 40)")
    for key in ("Home", "1", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#numbers")).to_contain_text("1 corrected")
    page.keyboard.press("Alt+r")
    page.wait_for_selector("td.figure")
    styles = page.locator("td.figure").evaluate_all("all => all.map((one) => getComputedStyle(one).whiteSpace)")
    assert set(styles) == {"nowrap"}
    check(page)


def test_signs_stand_before_figures_in_texts_to_the_left(read_only, open_page):
    page = open_page(read_only("rtl"))
    page.keyboard.press(".")
    page.wait_for_selector("#explain .why small")
    directions = page.locator("#explain .why small").evaluate_all(
        "all => all.map((one) => getComputedStyle(one).direction)"
    )
    assert set(directions) == {"ltr"}


def test_focus_is_seen_and_doubt_is_not_only_a_colour(read_only, open_page):
    page = open_page(read_only("spans"))
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) == "solid"
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate(outline) != "none"
    doubtful = page.locator(".tag.doubt")
    assert doubtful.count() > 0
    assert all("?" in text or "≠" in text for text in doubtful.all_inner_texts())


def test_long_words_and_marks(read_only, open_page):
    page = open_page(read_only("odd"))
    page.select_option("#order", "file")
    expect(page.locator(".word").first).to_contain_text("(10,000 characters)")
    page.fill("#search", "नमस्ते")
    page.keyboard.press("Enter")
    expect(page.locator(".word").nth(1)).to_have_text("नमस्ते")
    words = page.locator(".word").all_inner_texts()
    assert words[0].startswith("\u25cc\u0301")
    assert words[2] == "U+200B"


def test_page_is_small(read_only, open_page):
    """At most 60 kB are loaded to begin with."""
    page = open_page(read_only("spans"))
    loaded = """[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
        .filter((entry) => !entry.name.includes("/v1/")).map((entry) => entry.encodedBodySize)"""
    sizes = page.evaluate(loaded)
    assert len(sizes) > 10
    assert sum(sizes) <= 60_000

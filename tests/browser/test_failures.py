"""Nothing is lost and nothing is silent: no answer, a full disk, a conflict, hostile text."""

from __future__ import annotations

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="the page's tests need Playwright: make test-browser")
expect = sync_api.expect
CORRECTIONS = "**/v1/corrections"


def correct(page: sync_api.Page) -> None:
    for key in ("Home", "3", "Enter"):
        page.keyboard.press(key)


def test_corrections_wait_until_the_service_is_back(serve, open_page):
    url, service = serve()
    page = open_page(url)
    page.context.set_offline(True)
    correct(page)
    correct(page)
    expect(page.get_by_role("alert")).to_contain_text("2 answers not stored yet")
    page.context.set_offline(False)
    page.reload()
    expect(page.locator("#numbers")).to_contain_text("2 corrected")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_full_disk_is_said_and_the_answer_is_kept(serve, open_page):
    page = open_page(serve()[0])
    full = {"status": 507, "json": {"error": "the disk is full: nothing was stored"}}
    page.route(CORRECTIONS, lambda route: route.fulfill(**full))
    correct(page)
    expect(page.get_by_role("alert")).to_contain_text("1 answer not stored yet: the disk is full")
    page.unroute(CORRECTIONS)
    page.get_by_role("button", name="Try again now").click()
    expect(page.locator("#numbers")).to_contain_text("1 corrected")


def test_answer_that_got_lost_is_no_conflict(serve, open_page):
    page = open_page(serve()[0])
    page.route(CORRECTIONS, lambda route: (route.fetch(), route.abort()), times=1)
    correct(page)
    expect(page.get_by_role("alert")).to_contain_text("1 answer not stored yet")
    page.get_by_role("button", name="Try again now").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator("#numbers")).to_contain_text("1 corrected")


def test_conflict_brings_the_sentence_back(serve, open_page):
    url, service = serve()
    page = open_page(url)
    words = page.locator(".word").all_inner_texts()
    card = service.queue({})["cards"][0]
    card["version"] = 99
    correct(page)
    expect(page.get_by_role("alert")).to_contain_text("the sentence has changed")
    assert page.locator(".word").all_inner_texts() == words
    correct(page)
    expect(page.locator("#numbers")).to_contain_text("1 corrected")


def test_wrong_token_says_what_to_do(serve, open_page):
    page = open_page(serve()[0])
    page.route(CORRECTIONS, lambda route: route.fulfill(status=401, json={"error": "no token"}))
    correct(page)
    expect(page.get_by_role("alert")).to_contain_text("open the address that “elman serve” printed")
    page.unroute(CORRECTIONS)
    page.get_by_role("button", name="Try again now").click()


def test_hostile_text_is_only_shown(serve, open_page):
    url, service = serve("odd")
    page = open_page(url)
    page.on("dialog", lambda dialog: page.problems.append(dialog.message))
    for _ in range(len(service.cards)):
        for key in ("Home", ".", "ArrowRight", "1"):
            page.keyboard.press(key)
        page.keyboard.type("x<b>")
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
    for view in ("r", "m", "a"):
        page.keyboard.press(f"Alt+{view}")
        page.wait_for_timeout(100)
    assert page.evaluate("window.hacked") is None
    assert page.locator("main :is(script, img, iframe, svg, b:not(#numbers b))").count() <= 1  # "in use" of the models


def test_page_sets_text_only(serve, open_page):
    """No file of the page uses what reads text as HTML or as code."""
    from fake_service import PAGE

    for path in PAGE.iterdir():
        text = path.read_text(encoding="utf-8")
        for name in ("insertAdjacentHTML", "document.write", "eval(", "Function(", "http://", "https://", " style="):
            assert name not in text.replace("http://www.w3.org/2000/svg", ""), f"{path.name}: {name}"
        assert "innerHTML" not in text or path.name == "dom.js"


def test_page_refuses_html(serve, open_page):
    page = open_page(serve()[0])
    with pytest.raises(sync_api.Error, match="cannot be set"):
        page.evaluate("import('/page/dom.js').then(({ h }) => h('p', { innerHTML: '<b>x</b>' }))")


def test_spans_are_read_and_written_as_in_python(serve, open_page):
    import random

    from elman.data.schemes import write_tags
    from elman.data.spans import find_spans

    page = open_page(serve()[0])
    draw = random.Random(1)
    tags = ["O", "B-a", "I-a", "E-a", "S-b", "I-b", "B-b", "L-b", "U-a", "M-a", "street", "B", "I"]
    cases = [[draw.choice(tags) for _ in range(draw.randint(1, 8))] for _ in range(300)]
    found = page.evaluate(
        "cases => import('/page/spans.js').then((m) => cases.map((tags) => m.findSpans(tags)))", cases
    )
    assert [[(s["start"], s["end"], s["type"]) for s in spans] for spans in found] == [
        [tuple(span) for span in find_spans(case)] for case in cases
    ]
    for scheme in ("iob1", "iob2", "ioe1", "ioe2", "bioes", "bilou", "bmes"):
        steps = [(draw.randint(0, 4), draw.randint(5, 9), draw.choice("ab")) for _ in range(20)]
        code = """([steps, scheme]) => import('/page/spans.js').then((m) => steps.reduce(
            (tags, [start, end, type]) => m.setSpan(tags, start, end, type, scheme), Array(9).fill("O")))"""
        written = page.evaluate(code, [steps, scheme])
        assert written == list(write_tags(find_spans(written), 9, scheme)), [scheme, steps]

"""Nothing is lost and nothing is silent: a killed service, a full disk, a conflict, hostile text."""

from __future__ import annotations

import random

import pytest

import elman.server
from elman.data.schemes import write_tags
from elman.data.spans import find_spans
from page_texts import HOSTILE

sync_api = pytest.importorskip("playwright.sync_api", reason="make test-browser runs the tests of the page")
expect = sync_api.expect
Page = sync_api.Page
CORRECTIONS = "**/v1/corrections"


def correct(page: Page) -> None:
    for key in ("Home", "3", "Enter"):
        page.keyboard.press(key)


def has_corrected(page: Page, n: int) -> None:
    expect(page.locator("#numbers")).to_contain_text(f"{n} corrected")


def test_killed_service_loses_nothing_and_the_page_goes_on(serve, open_page):
    service = serve()
    page = open_page(service)
    correct(page)
    has_corrected(page, 1)
    service.kill()
    correct(page)
    correct(page)
    expect(page.get_by_role("alert")).to_contain_text("2 answers not stored yet")
    expect(page.locator("#learning")).to_contain_text("no connection")
    service.start()
    page.reload()
    has_corrected(page, 3)
    expect(page.get_by_role("alert")).to_have_count(0)
    assert len({one["id"] for one in service.corrections()}) == 3


def test_full_disk_is_said_and_the_answer_is_kept(serve, open_page):
    page = open_page(serve())
    full = {"status": 507, "json": {"error": "the disk is full: nothing was stored"}}
    page.route(CORRECTIONS, lambda route: route.fulfill(**full))
    correct(page)
    expect(page.get_by_role("alert")).to_contain_text("1 answer not stored yet: the disk is full")
    page.unroute(CORRECTIONS)
    page.get_by_role("button", name="Try again now").click()
    has_corrected(page, 1)


def test_answer_that_got_lost_is_no_conflict(serve, open_page):
    service = serve()
    page = open_page(service)
    page.route(CORRECTIONS, lambda route: (route.fetch(), route.abort()), times=1)
    correct(page)
    has_corrected(page, 1)
    expect(page.get_by_role("alert")).to_have_count(0)
    assert len(service.corrections()) == 1


def test_answer_that_got_lost_over_a_reload_is_no_conflict(serve, open_page):
    service = serve()
    page = open_page(service)
    page.route(CORRECTIONS, lambda route: (route.fetch(), route.abort()))
    correct(page)
    expect(page.get_by_role("alert")).to_contain_text("1 answer not stored yet")
    page.unroute(CORRECTIONS)
    with page.expect_response(CORRECTIONS) as answer:
        page.reload()
    assert answer.value.status == 409
    has_corrected(page, 1)
    page.wait_for_function("sessionStorage.getItem('elman.outbox') === '[]'")
    expect(page.get_by_role("alert")).to_have_count(0)
    assert len(service.corrections()) == 1


def test_conflict_brings_the_sentence_back(serve, open_page):
    service = serve()
    page = open_page(service)
    words = page.locator(".word").all_inner_texts()
    card = next(card for card in service.ask("v1/queue?limit=100")["cards"] if card["words"] == words)
    given = {"columns": {"ner": ["O"] * len(words)}, "labels": {}}
    before = {"columns": {"ner": card["columns"]["ner"]["tags"]}, "labels": {}}
    service.ask("v1/corrections", {"id": card["id"], "version": 0, "annotator": "annotator", "seconds": 1,
                                   "before": before, "after": given})  # fmt: skip
    correct(page)
    expect(page.get_by_role("alert")).to_contain_text("corrected since")
    assert page.locator(".word").all_inner_texts() == words
    page.keyboard.press("Enter")
    expect(page.locator("#learning")).to_contain_text("learned")
    assert [one["id"] for one in service.corrections()] == [card["id"]] * 2


def test_wrong_token_says_what_to_do(serve, open_page):
    page = open_page(serve())
    page.route(CORRECTIONS, lambda route: route.fulfill(status=401, json={"error": "no token"}))
    correct(page)
    expect(page.get_by_role("alert")).to_contain_text("open the address that “elman serve” printed")
    page.unroute(CORRECTIONS)
    page.get_by_role("button", name="Try again now").click()
    has_corrected(page, 1)


def test_hostile_text_is_only_shown(serve, open_page):
    service = serve("odd")
    page = open_page(service)
    page.fill("#search", HOSTILE[0])
    page.keyboard.press("Enter")
    expect(page.locator(".word").nth(1)).to_have_text(HOSTILE[1])
    for key in ("Home", ".", "ArrowRight", "1"):
        page.keyboard.press(key)
    page.keyboard.type("x" + HOSTILE[1])
    page.keyboard.press("Enter")
    page.wait_for_selector("#explain .why")
    assert page.locator(":is(#main, #found) :is(script, img, iframe, svg)").count() == 0
    page.keyboard.press("Enter")
    has_corrected(page, 1)
    for view in ("r", "m", "a"):
        page.keyboard.press(f"Alt+{view}")
        page.wait_for_selector("main table" if view != "a" else "main .sentence, main .panel p")
    assert page.locator("main :is(script, img, iframe, svg)").count() == 0
    assert page.evaluate("window.hacked") is None
    assert service.corrections()[0]["after"]["columns"]["upos"][1] == "x" + HOSTILE[1]


def test_page_sets_text_only(read_only, open_page):
    """No file of the page uses what reads text as HTML or as code, or names another host."""
    from importlib.resources import files

    for file in (files(elman.server) / "page").iterdir():
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        for name in ("insertAdjacentHTML", "document.write", "eval(", "Function(", "http://", "https://", " style="):
            assert name not in text, f"{file.name}: {name}"
        assert "innerHTML" not in text or file.name == "dom.js"
    page = open_page(read_only("spans"))
    with pytest.raises(sync_api.Error, match="cannot be set"):
        page.evaluate("import('/page/dom.js').then(({ h }) => h('p', { innerHTML: '<b>x</b>' }))")


def test_spans_are_read_and_written_as_in_python(read_only, open_page):
    page = open_page(read_only("spans"))
    draw = random.Random(1)
    tags = ["O", "B-a", "I-a", "E-a", "S-b", "I-b", "B-b", "L-b", "U-a", "M-a", "street", "B", "I"]
    cases = [[draw.choice(tags) for _ in range(draw.randint(1, 8))] for _ in range(300)]
    code = "cases => import('/page/spans.js').then((m) => cases.map((tags) => m.findSpans(tags)))"
    found = [[(span["start"], span["end"], span["type"]) for span in spans] for spans in page.evaluate(code, cases)]
    assert found == [[tuple(span) for span in find_spans(case)] for case in cases]
    code = """([steps, scheme]) => import('/page/spans.js').then((m) => steps.reduce(
        (tags, [start, end, type]) => m.setSpan(tags, start, end, type, scheme), Array(9).fill("O")))"""
    for scheme in ("io", "iob1", "iob2", "ioe1", "ioe2", "bioes", "bilou", "bmes"):
        steps = [(draw.randint(0, 4), draw.randint(5, 9), draw.choice("ab")) for _ in range(20)]
        written = page.evaluate(code, [steps, scheme])
        assert written == list(write_tags(find_spans(written), 9, scheme)), [scheme, steps]

"""What the learner does is always to be seen: waiting, learning, learned, refused, retrained, gone."""

from __future__ import annotations

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="the page's tests need Playwright: make test-browser")
expect = sync_api.expect


def correct(page: sync_api.Page) -> None:
    for key in ("Home", "3", "Enter"):
        page.keyboard.press(key)


def test_what_was_learned_is_said_and_cards_are_renewed(serve, open_page):
    url, service = serve()
    page = open_page(url)
    expect(page.locator("#learning")).to_contain_text("ready")
    card = service.queue({})["cards"][1]
    correct(page)
    card["columns"]["ner"].update(tags=["B-city"] * len(card["words"]), predicted=["B-city"] * len(card["words"]))
    expect(page.locator("#learning")).to_contain_text("learned “")
    expect(page.locator("#numbers")).to_contain_text("held-out 93.1 → 93.4 (p = 0.04) · broken 0 of 211 earlier")
    expect(page.locator(".token").nth(1)).to_contain_text("↻")


def test_patch_that_was_not_adopted_is_said_with_the_reason(serve, open_page):
    url, service = serve()
    service.reject = True
    page = open_page(url)
    correct(page)
    expect(page.locator("#learning .bad")).to_contain_text("not adopted: held-out accuracy fell")


def test_sentence_that_is_set_aside_says_so(serve, open_page):
    url, service = serve()
    for card in service.cards.values():
        card["set_aside"] = True
    page = open_page(url)
    expect(page.locator(".badges")).to_contain_text("set aside")
    correct(page)
    expect(page.locator("#learning")).to_contain_text("set aside, so it measures and is not learned")


def test_learner_that_is_off_says_why(serve, open_page):
    url, service = serve()
    service.learning.update(state="off", error="a pipeline cannot learn")
    expect(open_page(url).locator("#learning")).to_contain_text("not learning: a pipeline cannot learn")


def test_why_and_the_n_best(serve, open_page):
    page = open_page(serve()[0])
    page.keyboard.press(".")
    panel = page.locator("#explain")
    expect(panel).to_contain_text("For B-road, against O")
    expect(panel).to_contain_text("What the model thinks of")
    panel.get_by_role("button", name="Use").last.click()
    assert set(page.locator(".tag").evaluate_all("all => all.map(one => one.title)")) == {"ner: O"}
    page.keyboard.press("Control+z")
    assert page.locator(".tag.span").count() > 0


def test_models_report_and_export(serve, open_page):
    url, service = serve()
    page = open_page(url)
    first = service.model
    correct(page)
    expect(page.locator("#learning")).to_contain_text("→ city")
    page.keyboard.press("Alt+m")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_role("button", name="Go back to model 1").click()
    expect(page.locator("tbody tr").last).to_contain_text("in use")
    assert service.model == first
    page.keyboard.press("Alt+l")
    expect(page.locator("#learning")).to_contain_text("Retraining")
    page.keyboard.press("Alt+r")
    expect(page.locator("main")).to_contain_text("Cohen’s κ")
    with page.expect_download() as download:
        page.get_by_role("link", name="CoNLL-U").click()
    assert download.value.path().read_text() == "exported\n"

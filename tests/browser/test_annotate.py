"""Tag, correct, undo, redo: everything that the keys and the mouse do to a sentence."""

from __future__ import annotations

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="the page's tests need Playwright: make test-browser")
expect = sync_api.expect


def tags(page: sync_api.Page, column: str = "ner") -> list[str]:
    """The tags of a column as the page shows them in tooltips."""
    titles = page.locator(f".tag[title^='{column}: ']").evaluate_all("all => all.map(one => one.title)")
    return [title.split(": ", 1)[1] for title in titles]


def words(page: sync_api.Page) -> list[str]:
    return page.locator(".word").all_inner_texts()


def press(page: sync_api.Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def focused(page: sync_api.Page) -> int:
    return int(page.evaluate("document.activeElement.dataset.i"))


def test_number_gives_the_word_a_tag_and_enter_stores_it(serve, open_page):
    url, service = serve()
    page = open_page(url)
    first = words(page)
    press(page, "Home", "3")
    assert tags(page)[0] == "B-city"
    press(page, "Enter")
    expect(page.locator("#numbers")).to_contain_text("1 corrected")
    assert words(page) != first
    stored = [card for card in service.cards.values() if card["version"]]
    assert [card["columns"]["ner"]["tags"][0] for card in stored] == ["B-city"]


def test_undo_and_redo_go_through_edits_and_acceptances(serve, open_page):
    url, service = serve()
    page = open_page(url)
    first, before = words(page), tags(page)
    press(page, "Home", "3", "4", "Enter")
    expect(page.locator("#numbers")).to_contain_text("1 corrected")
    press(page, "Control+z")
    expect(page.locator("#numbers")).to_contain_text("0 corrected")
    assert (words(page), tags(page)[0]) == (first, "B-postcode")
    press(page, "Control+z")
    assert tags(page)[0] == "B-city"
    press(page, "Control+z")
    assert tags(page) == before
    press(page, "Control+y", "Control+Shift+z")
    assert tags(page)[0] == "B-postcode"
    press(page, "Control+y")
    expect(page.locator("#numbers")).to_contain_text("1 corrected")
    assert words(page) != first
    press(page, "Control+y")
    expect(page.locator("#said")).to_contain_text("Nothing to redo")


def test_undo_reaches_behind_a_reload(serve, open_page):
    url, service = serve()
    page = open_page(url)
    first = words(page)
    press(page, "Home", "3", "Enter")
    expect(page.locator("#numbers")).to_contain_text("1 corrected")
    page.reload()
    page.wait_for_selector(".token")
    assert words(page) != first
    press(page, "Control+z")
    expect(page.locator("#numbers")).to_contain_text("0 corrected")
    assert words(page) == first
    press(page, "Control+z")
    expect(page.locator("#said")).to_contain_text("Nothing to undo")


def test_unfinished_work_survives_a_reload_and_another_order(serve, open_page):
    page = open_page(serve()[0])
    press(page, "Home", "3")
    first = words(page)
    page.reload()
    page.wait_for_selector(".token")
    assert (words(page), tags(page)[0]) == (first, "B-city")
    page.select_option("#order", "file")
    expect(page.locator(".word").first).to_have_text(first[0])
    assert (words(page), tags(page)[0]) == (first, "B-city")


def test_span_by_drag(serve, open_page):
    page = open_page(serve()[0])
    tokens = page.locator(".token")
    start, end = tokens.nth(3).bounding_box(), tokens.nth(5).bounding_box()
    page.mouse.move(start["x"] + 9, start["y"] + 9)
    page.mouse.down()
    page.mouse.move(end["x"] + 9, end["y"] + 9, steps=8)
    page.mouse.up()
    expect(page.locator(".token[aria-selected=true]")).to_have_count(3)
    expect(page.locator("#detail")).to_contain_text("3 words selected")
    page.get_by_role("button", name="city").click()
    assert tags(page)[3:6] == ["B-city", "I-city", "I-city"]
    assert tags(page)[6] == "O"  # the rest of the span that it overlaps


def test_span_by_shift_and_arrows_and_delete(serve, open_page):
    page = open_page(serve()[0])
    press(page, "Home", "Shift+ArrowRight", "Shift+ArrowRight", "3")
    assert tags(page)[:3] == ["B-city", "I-city", "I-city"]
    press(page, "Delete")
    assert tags(page)[:3] == ["O", "O", "O"]


def test_tag_is_found_by_typing_beyond_ten(serve, open_page):
    page = open_page(serve("several")[0])
    press(page, "Home", "p", "r", "o")
    expect(page.locator("#found [aria-selected=true]")).to_have_text("PRON")
    press(page, "ArrowDown", "Enter")
    assert tags(page, "upos")[0] == "PROPN"
    assert focused(page) == 0
    press(page, "x", "Escape")
    assert tags(page, "upos")[0] == "PROPN"


def test_tag_that_nobody_had_can_be_added(serve, open_page):
    page = open_page(serve("several")[0])
    page.keyboard.press("Home")
    page.keyboard.type("brandnew")
    expect(page.locator("#found")).to_contain_text("new tag “brandnew”")
    press(page, "Enter")
    assert tags(page, "upos")[0] == "brandnew"


def test_several_columns_take_turns(serve, open_page):
    url, service = serve("several")
    page = open_page(url)
    press(page, "Home", "1", "ArrowDown", "3", "Enter")
    expect(page.locator("#numbers")).to_contain_text("1 corrected")
    stored = next(card for card in service.cards.values() if card["version"])
    assert stored["columns"]["upos"]["tags"][0] == "ADJ"
    assert stored["columns"]["ner"]["tags"][0] == "B-city"


def test_labels_of_texts_are_buttons(serve, open_page):
    url, service = serve("texts")
    page = open_page(url)
    expect(page.get_by_role("button", name="delivery")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="account").click()
    press(page, "1", "Enter")
    expect(page.locator("#numbers")).to_contain_text("1 corrected")
    assert [card["labels"]["topic"]["value"] for card in service.cards.values() if card["version"]] == ["billing"]


def test_arrows_follow_the_direction_of_the_text(serve, open_page):
    page = open_page(serve("rtl")[0])
    press(page, "Home", "ArrowLeft")
    assert focused(page) == 1
    boxes = [page.locator(".token").nth(i).bounding_box()["x"] for i in range(3)]
    assert boxes == sorted(boxes, reverse=True)
    press(page, "Shift+ArrowLeft", "1")
    assert tags(page, "upos")[1:3] == ["ADJ", "ADJ"]


def test_back_and_skip(serve, open_page):
    url, service = serve()
    page = open_page(url)
    first = words(page)
    press(page, "Space")
    second = words(page)
    assert second != first
    press(page, "Backspace")
    assert words(page) == first
    expect(page.locator(".badges")).to_contain_text("skipped")
    press(page, "Backspace")
    expect(page.locator("#said")).to_contain_text("first card")
    press(page, "Control+z")
    expect(page.locator(".badges")).not_to_contain_text("skipped")
    assert not any(card["skipped"] for card in service.cards.values())


def test_page_keys_go_from_doubt_to_doubt(serve, open_page):
    page = open_page(serve("several")[0])
    assert focused(page) == 1  # the first doubtful word of a new card
    press(page, "Home", "PageDown")
    assert focused(page) == 1
    expect(page.locator(".token").nth(1).locator(".doubt")).to_contain_text("? 70\u202f%")


def test_search_and_filter_and_the_end_of_the_list(serve, open_page):
    page = open_page(serve()[0])
    press(page, "/")
    page.keyboard.type("D17")
    press(page, "Enter")
    expect(page.locator(".word").nth(5)).to_have_text("D17")
    press(page, "Enter")
    expect(page.locator("#main")).to_contain_text("No sentence fits")
    page.fill("#search", "")
    press(page, "Tab")
    expect(page.locator(".token").first).to_be_visible()


def test_keys_are_printed_and_help_lists_them(serve, open_page):
    page = open_page(serve()[0])
    for button in page.locator("button:visible").all():
        assert button.locator("kbd").count() == 1, button.inner_text()
    press(page, "?")
    expect(page.get_by_role("dialog")).to_contain_text("Ctrl+Y")
    press(page, "Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)

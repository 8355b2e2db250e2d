"""Tag, correct, undo, redo: everything that the keys and the mouse do to a sentence."""

from __future__ import annotations

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="make test-browser runs the tests of the page")
expect = sync_api.expect
Page = sync_api.Page


def tags(page: Page, column: str = "ner") -> list[str]:
    """The tags of a column as the page shows them in tooltips."""
    titles = page.locator(f".tag[title^='{column}: ']").evaluate_all("all => all.map(one => one.title)")
    return [title.split(": ", 1)[1] for title in titles]


def words(page: Page) -> list[str]:
    return page.locator(".word").all_inner_texts()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def focused(page: Page) -> int:
    return int(page.evaluate("document.activeElement.dataset.i"))


def has_corrected(page: Page, n: int) -> None:
    expect(page.locator("#numbers")).to_contain_text(f"{n} corrected")


def test_number_gives_the_word_a_tag_and_enter_stores_it(serve, open_page):
    service = serve()
    page = open_page(service)
    first = words(page)
    press(page, "Home", "4")
    chosen = page.get_by_role("button", pressed=True).locator("bdi").inner_text()
    assert tags(page)[0] == f"B-{chosen}"
    expect(page.locator(".tag").first).to_contain_text("✎")
    press(page, "Enter")
    has_corrected(page, 1)
    assert words(page) != first
    [stored] = service.corrections()
    assert stored["after"]["columns"]["ner"][0] == f"B-{chosen}"
    assert stored["annotator"] == "annotator"


def test_undo_and_redo_go_through_edits_and_acceptances(serve, open_page):
    page = open_page(serve())
    first, before = words(page), tags(page)
    press(page, "Home", "3")
    third = tags(page)
    press(page, "4")
    fourth = tags(page)
    assert len({*map(tuple, (before, third, fourth))}) == 3
    press(page, "Enter")
    has_corrected(page, 1)
    press(page, "Control+z")
    has_corrected(page, 0)
    assert (words(page), tags(page)) == (first, fourth)
    press(page, "Control+z")
    assert tags(page) == third
    press(page, "Control+z")
    assert tags(page) == before
    press(page, "Control+y", "Control+Shift+z")
    assert tags(page) == fourth
    press(page, "Control+y")
    has_corrected(page, 1)
    assert words(page) != first
    expect(page.locator("#said")).to_contain_text("Redone")
    press(page, "Control+y")
    expect(page.locator("#said")).to_contain_text("Nothing to redo")


def test_undo_reaches_behind_a_reload(serve, open_page):
    page = open_page(serve())
    first = words(page)
    press(page, "Home", "3", "Enter")
    has_corrected(page, 1)
    page.reload()
    page.wait_for_selector(".token")
    assert words(page) != first
    press(page, "Control+z")
    expect(page.locator(".word")).to_have_text(first)
    has_corrected(page, 0)
    press(page, "Control+z")
    expect(page.locator("#said")).to_contain_text("Nothing to undo")


def test_unfinished_work_survives_a_reload_and_another_order(serve, open_page):
    page = open_page(serve())
    press(page, "Home", "3")
    first = (words(page), tags(page))
    page.reload()
    page.wait_for_selector(".token")
    assert (words(page), tags(page)) == first
    page.select_option("#order", "file")
    expect(page.locator(".badges").first).to_contain_text("changed")
    assert (words(page), tags(page)) == first


def test_span_by_drag(serve, open_page):
    page = open_page(serve("several"))
    press(page, "ArrowDown")
    boxes = [page.locator(".token").nth(i).bounding_box() for i in (1, 3)]
    page.mouse.move(boxes[0]["x"] + 9, boxes[0]["y"] + 9)
    page.mouse.down()
    page.mouse.move(boxes[1]["x"] + 9, boxes[1]["y"] + 9, steps=8)
    page.mouse.up()
    expect(page.locator(".token[aria-selected=true]")).to_have_count(3)
    expect(page.locator("#detail")).to_contain_text("3 words selected")
    page.get_by_role("button", name="city").click()
    assert tags(page)[1:4] == ["B-city", "I-city", "I-city"]


def test_span_by_shift_and_arrows_and_delete(serve, open_page):
    page = open_page(serve())
    press(page, "Home", "Shift+ArrowRight", "Shift+ArrowRight", "1")
    chosen = [tag[2:] for tag in tags(page)[:3]]
    assert [tag[:2] for tag in tags(page)[:3]] == ["B-", "I-", "I-"]
    assert len(set(chosen)) == 1
    press(page, "Delete")
    assert tags(page)[:3] == ["O", "O", "O"]


def test_part_of_a_span_becomes_another(serve, open_page):
    page = open_page(serve())
    press(page, "Home", *["Shift+ArrowRight"] * 2, "1")
    kind = tags(page)[0][2:]
    press(page, "Home", "ArrowRight", "Shift+ArrowRight", "Shift+ArrowLeft", "2")
    other = tags(page)[1][2:]
    assert kind != other
    assert tags(page)[:3] == [f"B-{kind}", f"B-{other}", f"B-{kind}"]
    page.locator(".token").nth(1).dblclick()
    press(page, "Delete", "Home", "2")  # without a selection the whole span changes, here of one word
    assert tags(page)[:3] == [f"B-{other}", "O", f"B-{kind}"]


def test_tag_is_found_by_typing_beyond_ten(serve, open_page):
    page = open_page(serve("several"))
    press(page, "Home", "p", "r", "o")
    expect(page.locator("#found [aria-selected=true]")).to_have_text("PRON")
    press(page, "ArrowDown", "Enter")
    assert tags(page, "upos")[0] == "PROPN"
    assert focused(page) == 0
    press(page, "x", "Escape")
    assert tags(page, "upos")[0] == "PROPN"


def test_tag_that_nobody_had_can_be_added(serve, open_page):
    service = serve("several")
    page = open_page(service)
    page.keyboard.press("Home")
    page.keyboard.type("brandnew")
    expect(page.locator("#found")).to_contain_text("new tag “brandnew”")
    press(page, "Enter", "Enter")
    has_corrected(page, 1)
    assert service.corrections()[0]["after"]["columns"]["upos"][0] == "brandnew"


def test_several_columns_take_turns(serve, open_page):
    service = serve("several")
    page = open_page(service)
    press(page, "Home", "1", "ArrowDown", "1", "Enter")
    has_corrected(page, 1)
    after = service.corrections()[0]["after"]["columns"]
    assert (after["upos"][0], after["ner"][0]) == ("ADJ", "B-city")


def test_labels_of_texts_are_buttons(serve, open_page):
    service = serve("texts")
    page = open_page(service)
    pressed = page.get_by_role("button", pressed=True)
    page.get_by_role("button", name="delivery").click()
    expect(pressed).to_contain_text("delivery")
    press(page, "1")
    expect(pressed).to_contain_text("account")
    press(page, "Enter")
    has_corrected(page, 1)
    assert service.corrections()[0]["after"]["labels"] == {"topic": "account"}


def test_arrows_follow_the_direction_of_the_text(serve, open_page):
    page = open_page(serve("rtl"))
    press(page, "Home", "ArrowLeft")
    assert focused(page) == 1
    places = [page.locator(".token").nth(i).bounding_box()["x"] for i in range(3)]
    assert places == sorted(places, reverse=True)
    press(page, "Shift+ArrowLeft", "1")
    assert tags(page, "upos")[1:3] == ["ADJ", "ADJ"]


def test_back_and_skip(serve, open_page):
    service = serve()
    page = open_page(service)
    first = words(page)
    press(page, "Space")
    assert words(page) != first
    press(page, "Backspace")
    assert words(page) == first
    expect(page.locator(".badges").first).to_contain_text("skipped")
    press(page, "Backspace")
    expect(page.locator("#said")).to_contain_text("first card")
    press(page, "Control+z")
    expect(page.locator("#said")).to_contain_text("Undone: skip")
    expect(page.locator(".badges").first).not_to_contain_text("skipped")
    assert service.ask("v1/status")["counts"]["skipped"] == 0


def test_page_keys_go_from_doubt_to_doubt(serve, open_page):
    page = open_page(serve())
    doubtful = page.locator(".token.doubt").first
    place = int(doubtful.get_attribute("data-i"))
    assert focused(page) == place  # of a new card the first doubtful word has the focus
    assert "?" in doubtful.locator(".doubt").inner_text()
    press(page, "End", *["PageUp"] * 40)
    assert focused(page) == place
    expect(page.locator("#said")).to_contain_text("No doubtful word before")


def test_search_and_filter_and_the_end_of_the_list(serve, open_page):
    page = open_page(serve())
    wanted = words(page)[-1]
    press(page, "/")
    page.keyboard.type(wanted)
    press(page, "Enter")
    expect(page.locator(".word").last).to_have_text(wanted)
    while page.locator(".token").count():
        assert wanted in " ".join(words(page))
        press(page, "Enter")
    expect(page.locator("#main")).to_contain_text("No sentence fits")
    page.fill("#search", "")
    press(page, "Tab")
    page.select_option("#tag", "ner=city")
    expect(page.locator(".token").first).to_be_visible()


def test_page_without_sentences_says_so(serve, open_page):
    page = open_page(serve(files=()))
    expect(page.locator("#main")).to_contain_text("There are no sentences: start “elman serve” with the files")
    expect(page.get_by_role("button", name="Accept")).to_be_disabled()


def test_names_of_annotators_keep_their_work_apart(serve, open_page):
    service = serve()
    page = open_page(service)
    press(page, "Home", "3", "Enter")
    has_corrected(page, 1)
    press(page, "Alt+n")
    page.keyboard.type("ben")
    with page.expect_navigation():
        press(page, "Enter")
    page.wait_for_selector(".token")
    press(page, "Enter")
    has_corrected(page, 2)
    assert [one["annotator"] for one in service.corrections()] == ["annotator", "ben"]


def test_keys_are_printed_and_help_lists_them(read_only, open_page):
    page = open_page(read_only("spans"))
    for button in page.locator("button:visible").all():
        assert button.locator("kbd").count() == 1, button.inner_text()
    press(page, "?")
    expect(page.get_by_role("dialog")).to_contain_text("Ctrl+Y")
    press(page, "Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)

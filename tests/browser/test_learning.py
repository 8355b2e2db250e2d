"""What the learner does is always to be seen: ready, learning, learned, refused, retrained, off."""

from __future__ import annotations

import re

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="make test-browser runs the tests of the page")
expect = sync_api.expect
Page = sync_api.Page
LEARNED = re.compile(r"learned|not learned yet")


def correct(page: Page) -> None:
    for key in ("Home", "3", "Enter"):
        page.keyboard.press(key)


def test_correction_is_learned_and_said(serve, open_page):
    service = serve()
    page = open_page(service)
    expect(page.locator("#learning")).to_contain_text("ready")
    correct(page)
    expect(page.locator("#learning")).to_contain_text(LEARNED)
    expect(page.locator("#numbers")).to_contain_text(
        re.compile(r"1 corrected · held-out .* · broken \d of \d+ earlier")
    )
    assert service.ask("v1/status")["model"]["number"] == 2


def test_card_is_renewed_when_the_model_has_learned(serve, open_page):
    page = open_page(serve())
    page.keyboard.press("Space")
    card = page.locator(".word").all_inner_texts()
    page.keyboard.press("Backspace")

    def renew(route: sync_api.Route) -> None:
        answer = route.fetch()
        changed = answer.json()
        for column in changed["columns"].values():
            column["tags"] = column["predicted"] = ["B-city"] * len(column["tags"])
        route.fulfill(response=answer, json=changed)

    page.route(re.compile("/v1/sentences/"), renew)
    correct(page)
    assert page.locator(".word").all_inner_texts() == card
    expect(page.locator(".token").last).to_contain_text("city")
    expect(page.locator(".token").last).to_contain_text("↻")


def test_typing_a_tag_goes_on_while_the_card_is_drawn_anew(serve, open_page):
    """The answers that were waited for come between two letters: what was typed stays, and no tag is chosen."""
    page = open_page(serve())
    held: list[sync_api.Route] = []
    page.route(re.compile(r"/v1/sentences/\w+\?|explain\.js"), lambda route: held.append(route))
    correct(page)
    expect(page.locator("#learning")).to_contain_text(LEARNED)
    for key in ("Home", "."):
        page.keyboard.press(key)
    page.keyboard.type("brand")
    expect(page.locator("#find-tag")).to_have_value("brand")
    for _ in range(500):
        if len(held) < 2:
            page.wait_for_timeout(20)
    assert len(held) == 2  # the newer predictions of this card, and why it has its tags
    for route in held:
        answer = route.fetch()
        route.fulfill(response=answer)
    page.unroute_all()
    page.wait_for_selector("#explain .why")
    page.keyboard.type("new")
    page.keyboard.press("Enter")
    expect(page.locator(".token").first).to_contain_text("brandnew")
    expect(page.locator(".token").first).to_be_focused()


def test_held_out_sentences_measure_and_say_so(serve, open_page):
    service = serve()
    page = open_page(service)
    cards = service.ask("v1/queue?limit=100")["cards"]
    aside = next(card for card in cards if card["set_aside"])
    page.fill("#search", " ".join(aside["words"]))
    page.keyboard.press("Enter")
    expect(page.locator(".badges").first).to_contain_text("set aside")
    correct(page)
    expect(page.locator("#learning")).to_contain_text("set aside, so it measures and is not learned")
    expect(page.locator("#numbers")).to_contain_text(re.compile(r"held-out \d+\.\d → \d+\.\d \(p\s=\s\d\.\d\d\)"))


def test_patch_that_was_not_adopted_is_said_with_the_reason(serve, open_page):
    service = serve()

    def reject(route: sync_api.Route) -> None:
        answer = route.fetch()
        status = answer.json()
        status["learning"]["error"] = "held-out accuracy fell from 93.1 to 91.0 (p = 0.01)"
        route.fulfill(response=answer, json=status)

    page = open_page(service)
    page.route("**/v1/status*", reject)
    page.reload()
    expect(page.locator("#learning .bad")).to_contain_text("not adopted: held-out accuracy fell from 93.1")


def test_learner_that_is_off_says_why(serve, open_page):
    page = open_page(serve("spans", "--no-learn"))
    expect(page.locator("#learning")).to_contain_text("not learning: --no-learn")


def test_why_and_the_n_best(read_only, open_page):
    page = open_page(read_only("spans"))
    page.keyboard.press(".")
    panel = page.locator("#explain")
    expect(panel.locator(".why")).to_have_text(re.compile(r"[+−]\d"))
    expect(panel).to_contain_text(re.compile(r"For \S+, against \S+"))
    expect(panel).to_contain_text("What the model thinks of")
    before = page.locator(".sentence").inner_text()
    panel.locator("button:enabled").last.click()
    assert page.locator(".sentence").inner_text() != before
    page.keyboard.press("Control+z")
    assert page.locator(".sentence").inner_text() == before


def test_models_retraining_report_and_export(serve, open_page):
    service = serve()
    page = open_page(service)
    first = service.ask("v1/status")["model"]["sha256"]
    correct(page)
    expect(page.locator("#learning")).to_contain_text(LEARNED)
    page.keyboard.press("Alt+m")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_role("button", name="Go back to model 1").click()
    expect(page.locator("tbody tr").last).to_contain_text("in use")
    assert service.ask("v1/status")["model"]["sha256"] == first
    page.keyboard.press("Alt+l")
    expect(page.locator("#learning")).to_contain_text(re.compile("[Rr]etrain"))
    page.keyboard.press("Alt+r")
    expect(page.locator("main")).to_contain_text("1, of them 1 with a changed tag")
    with page.expect_download() as download:
        page.get_by_role("link", name="came in").click()
    exported = download.value.path().read_text().splitlines()
    assert len(exported) == len((service.folder / "new.jsonl").read_text().splitlines())
    assert any('"B-' in line for line in exported)


def test_report_shows_how_far_annotators_agree(serve, open_page):
    service = serve("spans", "--no-learn", "--overlap", "1")
    words = 0
    for name, tag in (("anna", "O"), ("ben", "B-city")):
        for card in service.ask(f"v1/queue?limit=4&order=file&annotator={name}")["cards"]:
            tags = card["columns"]["ner"]["tags"]
            before, after = (
                {"columns": {"ner": each}, "labels": {}} for each in (tags, [tag, *["O"] * (len(tags) - 1)])
            )
            about = {"id": card["id"], "version": 0, "annotator": name, "seconds": 90}
            service.ask("v1/corrections", {**about, "before": before, "after": after})
            words += len(tags)
    page = open_page(service)
    page.keyboard.press("Alt+r")
    agreed = 1 - 4 / (words / 2)  # of each of the four sentences the first word is another
    expect(page.locator("tr", has_text="anna, ben")).to_have_text(re.compile(rf"anna, ben4{100 * agreed:.1f}\s%0.000"))
    expect(page.locator("tr", has_text=re.compile("^anna40"))).to_contain_text("6 min")

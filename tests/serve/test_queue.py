"""The order of cards: doubt, slips, chance; and that what is set aside is chosen by chance alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from elman.errors import ConfigError
from elman.serve.events import CORRECTION, Event, Values
from elman.serve.queue import ONE_ASIDE, Wish, has_tag
from elman.serve.service import Service

Make = Callable[..., Service]
PATIENCE = 60.0


def scored(service: Service) -> Service:
    """Wait until all sentences have been scored by the model."""
    service.queue.check_files()
    service.queue.start()
    end = time.monotonic() + PATIENCE
    while not all(service.queue.present):
        assert time.monotonic() < end
        time.sleep(0.01)
    return service


def test_the_most_doubtful_come_first(serve: Make, text: Path) -> None:
    service = scored(serve(text))
    cards = service.next_cards(Wish("a", limit=100))["cards"]
    doubts = [card["score"] for card in cards if not card["set_aside"]]
    assert doubts == sorted(doubts, reverse=True) and len(cards) == 40
    assert all(abs(card["score"] - service.queue.score(item, "uncertain")) < 1e-3 for card, item in zip(
        cards, (service.documents.items[service.documents.place[card["id"]]] for card in cards), strict=True
    ))  # fmt: skip


def test_every_tenth_card_is_set_aside_in_random_order(serve: Make, tmp_path: Path) -> None:
    path = tmp_path / "many.txt"
    path.write_text("".join(f"the dog{i} barks\n" for i in range(400)), encoding="utf-8")
    service = scored(serve(path))
    wish = Wish("a", limit=100)
    cards = service.next_cards(wish)["cards"]
    assert [i for i, card in enumerate(cards, start=1) if card["set_aside"]] == list(range(ONE_ASIDE, 101, ONE_ASIDE))
    order = [service.documents.place[card["id"]] for card in cards if card["set_aside"]]
    assert order == [i for i in service.queue._random if service.documents.items[i].set_aside][: len(order)]


def test_slips_are_what_the_model_contradicts(serve: Make, conllu: Path, tmp_path: Path) -> None:
    usual = "".join(f"the_D bird_N sings_V x{i}_N\n" for i in range(12))
    (tmp_path / "usual.txt").write_text(usual + "the_D bird_V sings_V y_N\n", encoding="utf-8")
    service = scored(serve(conllu, tmp_path / "usual.txt"))
    found = service.next_cards(Wish("a", order="slips", limit=50))
    first = service.documents.items[0]
    scores = {card["id"]: card["score"] for card in found["cards"]}
    assert list(scores.values()) == sorted(scores.values(), reverse=True)
    assert first.id in scores, "the file calls sings a noun"
    outlier = service.documents.items[-1]
    assert service.queue._from_check[-1] > 0.5 and scores[outlier.id] > 0.5, "elman check finds it"
    after = Values({"upos": ("D", "N", "V")})
    event = Event(CORRECTION, "a", first.id, first.words, Values({"upos": ("D", "N", "N")}), after)
    service.store.correct(event, 0).result()
    assert first.id not in {item.id for item in service.queue.next(Wish("a", order="slips", limit=50))[0]}


def test_filters_by_tag(serve: Make, conllu: Path) -> None:
    service = scored(serve(conllu))
    (item,) = service.queue.next(Wish("a", tag="upos=N", search="bird", limit=1, order="file"))[0]
    assert item.words == ("the", "bird", "sings")
    assert service.queue.next(Wish("a", tag="Q", state="all"))[1] == 0
    event = Event(CORRECTION, "a", item.id, item.words, Values({"upos": ("D",) * 3}), Values({"upos": ("Q",) * 3}))
    service.store.correct(event, 0).result()
    assert service.queue.next(Wish("a", tag="Q", state="all"))[1] == 1
    assert service.queue.next(Wish("a", tag="upos=D", state="corrected"))[1] == 0


def test_tags_by_name() -> None:
    tags = {"ner=B-city", "label=a|b", "n=B-x=y"}
    for wanted in ("B-city", "city", "ner=B-city", "ner=city", "a", "b", "label=b"):
        assert has_tag(tags, wanted), wanted
    for wanted in ("B", "cit", "upos=B-city", "", "ner="):
        assert not has_tag(tags, wanted), wanted


def test_a_lease_ends(serve: Make, text: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = serve(text)
    wish = Wish("a", limit=40)
    assert service.queue.next(wish)[1] == 40
    assert service.queue.next(replace(wish, annotator="b"))[1] == 0
    monkeypatch.setattr("elman.serve.queue.LEASE", -1.0)
    service.queue._leases.clear()
    service.queue.next(wish)
    assert service.queue.next(replace(wish, annotator="b"))[1] == 40


def test_orders_that_do_not_exist(serve: Make) -> None:
    queue = serve().queue
    for wish, says in ((Wish("a", order="x"), "order: expected uncertain"), (Wish("a", state="x"), "state: expected")):
        with pytest.raises(ConfigError, match=says):
            queue.next(wish)

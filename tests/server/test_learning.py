"""Learning behind the service: what is learned, taken back, refused; and what a restart finds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import elman
from elman.errors import ConfigError, ModelFileError
from elman.server.documents import Item
from elman.server.events import CORRECTION, Values
from elman.server.learner import DiedError, LearnOptions, Outcome, Process, Request
from elman.server.service import Service
from elman.server.store import ConflictError

Make = Callable[..., Service]
PATIENCE = 300.0
NOT_SEEN = [None] * 4
"""Words of a sentence that nobody has looked at."""


def until(done: Callable[[], bool]) -> None:
    """Wait for what another process does; how long it takes is not what is tested."""
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end, "it has not happened"
        time.sleep(0.02)


def correct(service: Service, item: Item, tags: list[str | None], annotator: str = "a") -> int:
    values = Values({"upos": (None,) * len(item.words)}), Values({"upos": tuple(tags)})
    event = service.event(CORRECTION, item, annotator, 1.0, values)
    stored = service.store.correct(event, None).result()
    service.stored(stored)
    return stored.seq


def tags_of(service: Service, item: Item) -> list[str]:
    tagger: Any = service.serving.tagger
    found: list[str] = tagger.tag(item.words)
    return found


def trainable(service: Service) -> list[Item]:
    return [item for item in service.documents.items if not item.set_aside]


def learned(service: Service, *seqs: int) -> bool:
    return set(seqs) <= set(service.learning.learned().values()) and service.learning.state == "idle"


def learn(service: Service, item: Item, tags: list[str | None]) -> None:
    seq = correct(service, item, tags)
    until(lambda: learned(service, seq))


def test_a_correction_is_learned_undone_and_learned_again(serve: Make, text: Path) -> None:
    service = serve(text, learn=LearnOptions(), start=True)
    item = trainable(service)[0]
    first, tags = service.serving.sha256, ["N", "V", "D", "N", "V"]
    assert tags_of(service, item) != tags
    seq = correct(service, item, [*tags])
    until(lambda: learned(service, seq))
    second = service.serving.sha256
    assert tags_of(service, item) == tags and second != first
    assert (service.serving.kind, service.learning.error) == ("patch", None)
    until(lambda: service.learning.earlier == {"kept": 5, "broken": 0, "total": 5})
    report = service.store.report(service.learning.models[-1].number)
    assert report is not None and report["learned"] == 1 and not report["worse"]

    service.stored(service.store.undo("a").result())
    until(lambda: service.serving.sha256 == first)
    service.stored(service.store.redo("a").result())
    until(lambda: learned(service, seq))
    assert service.serving.sha256 == second, "the same correction of the same model is the same model"
    service.close()

    again = serve(learn=LearnOptions())
    assert again.serving.sha256 == second and again.learning.waiting() == []
    assert tags_of(again, again.documents.items[0]) == tags


def test_what_waits_is_learned_in_one_go_after_a_restart(serve: Make, text: Path) -> None:
    service = serve(text)  # it does not learn
    items = trainable(service)[:3]
    seqs = [correct(service, item, ["X", *NOT_SEEN]) for item in items]
    aside = next(item for item in service.documents.items if item.set_aside)
    held = correct(service, aside, ["X", *NOT_SEEN])
    service.close()
    service = serve(learn=LearnOptions(), start=True)
    until(lambda: learned(service, *seqs))
    patch = service.learning.models[-1]
    assert patch.events == tuple(seqs) and held not in patch.events and len(service.learning.models) == 2
    assert [tags_of(service, item)[0] for item in items] == ["X"] * 3
    until(lambda: service.learning.heldout is not None)
    assert service.learning.heldout is not None
    assert (service.learning.heldout["sentences"], service.learning.heldout["items"]) == (1, 1)


def test_an_earlier_model_is_chosen(serve: Make, text: Path) -> None:
    service = serve(text, learn=LearnOptions(), start=True)
    one, two, *_ = trainable(service)
    first = service.serving.sha256
    learn(service, one, ["X", *NOT_SEEN])
    service.learning.activate(first)
    assert service.serving.sha256 == first and service.learning.waiting() == [], "it is not learned again at once"
    learn(service, two, ["Y", *NOT_SEEN])
    third = service.serving.sha256
    assert service.learning.models[-1].parent == first
    service.close()
    assert serve(learn=LearnOptions(off="x")).serving.sha256 == third


def test_a_worse_model_is_not_adopted(serve: Make, text: Path, tmp_path: Path) -> None:
    held = tmp_path / "held.txt"
    held.write_text("the_D dog_N sees_V a_D cat_N\n" * 40, encoding="utf-8")
    service = serve(text, learn=LearnOptions(heldout=str(held)), start=True)
    first = service.serving.sha256
    seqs = [correct(service, item, ["V", "D", "D", "V", "D"]) for item in trainable(service)]
    until(lambda: service.learning.error is not None)
    rejected = service.learning.models[-1]
    assert service.learning.error == rejected.reason and "significantly worse" in str(rejected.reason)
    report = service.store.report(rejected.number)
    assert service.serving.sha256 == first and report is not None and report["worse"]
    assert not rejected.adopted and set(rejected.events) <= set(seqs)
    assert service.models()["models"][0]["sha256"] is None


def test_retraining_adopts_and_learns_the_rest(serve: Make, text: Path, tmp_path: Path) -> None:
    train = tmp_path / "train.txt"
    train.write_text("the_D dog_N sees_V a_D cat_N\ndogs_N bark_V\n" * 6, encoding="utf-8")
    service = serve(text)
    with pytest.raises(ConflictError, match="does not learn"):
        service.learning.retrain()
    service.close()
    service = serve(learn=LearnOptions(), start=True)
    with pytest.raises(ConflictError, match="--replay FILE"):
        service.learning.retrain()
    service.close()
    service = serve(learn=LearnOptions(replay=str(train), heldout=str(train)), start=True)
    assert service.learning.retrain() == "running"
    assert service.learning.retrain() == "queued"
    with pytest.raises(ConflictError, match="another is queued"):
        service.learning.retrain()
    until(lambda: service.learning.retrain_state == "idle")
    assert service.learning.retrain_error is None
    assert service.serving.kind == "retrain" and not service.learning.retrain_queued
    learn(service, trainable(service)[0], ["D", "N", "V", "D", "N"])
    assert [row.kind for row in service.learning.models] == ["first", "retrain", "retrain", "patch"]


def test_a_learning_process_that_dies_loses_nothing(serve: Make, text: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = serve(text, learn=LearnOptions(), start=True)
    ask, times, errors = Process.ask, [], []

    def dying(self: Process, request: Any) -> Outcome:
        if request.new and not times:
            times.append(1)
            self._process.kill()
        try:
            return ask(self, request)
        except DiedError as error:
            errors.append(str(error))
            raise

    monkeypatch.setattr(Process, "ask", dying)
    learn(service, trainable(service)[0], ["X", *NOT_SEEN])
    assert errors == ["the learning process has ended (exit status -9); is memory short?"]
    assert service.learning.error is None and len(service.learning.models) == 2


@pytest.mark.parametrize("seconds", [0.0, 0.2, 1.0])
def test_a_service_may_be_closed_while_it_learns(serve: Make, text: Path, seconds: float) -> None:
    service = serve(text, learn=LearnOptions(), start=True)
    correct(service, trainable(service)[0], ["X", *NOT_SEEN])
    time.sleep(seconds)  # the learning process starts, reads its model, or answers
    service.close()
    assert not any(thread.is_alive() for thread in service.learning._threads)


def test_a_process_is_stopped_from_another_thread(serve: Make, text: Path) -> None:
    service = serve(text, learn=LearnOptions())
    process = Process(service.learning._setup(service.learning.present, ()))
    stopping = threading.Timer(0.05, process.stop)
    stopping.start()
    with pytest.raises(DiedError, match="has ended"):
        process.ask(Request())
    stopping.join()


def test_one_bad_correction_does_not_fail_the_others(serve: Make, text: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = serve(text)
    seqs = [correct(service, item, [tag, *NOT_SEEN]) for item, tag in zip(trainable(service), "XYZ", strict=False)]
    service.close()
    asked, ask = [], Process.ask

    def failing(self: Process, request: Any) -> Outcome:
        if request.new:
            asked.append([one.seq for one in request.new])
        if any(one.seq == seqs[1] for one in request.new):
            return Outcome(error="it breaks the rules")
        return ask(self, request)

    monkeypatch.setattr(Process, "ask", failing)
    service = serve(learn=LearnOptions(), start=True)
    until(lambda: learned(service, seqs[0], seqs[2]) and not service.learning.waiting())
    assert asked == [seqs, seqs[:1], seqs[1:2], seqs[2:]]
    assert [(row.adopted, row.reason) for row in service.learning.models[1:]] == [
        (True, None),
        (False, "it breaks the rules"),
        (True, None),
    ]
    service.close()
    assert serve(learn=LearnOptions()).learning.waiting() == [], "it is not tried again at each start"


def test_models_are_kept_by_number_and_by_name(serve: Make, text: Path) -> None:
    service = serve(text, learn=LearnOptions(), start=True, keep=1)
    for item in trainable(service)[:3]:
        learn(service, item, ["X", *NOT_SEEN])
    names = [row.sha256 for row in service.learning.models]
    until(lambda: [path.stem for path in Path(service.shelf.folder).iterdir()] == [names[-1]])
    assert [row["available"] for row in service.models()["models"]] == [True, False, False, True]
    service.close()
    for name in ("x", "", names[1][:8]):
        with pytest.raises(ConfigError, match="no model that is kept begins with"):
            serve(activate=name)
    path = Path(service.shelf.path(names[-1]))
    data = path.read_bytes()
    path.write_bytes(data[:-1] + b"x")
    with pytest.raises(ModelFileError, match="changed, and it is the model adopted last"):
        serve()
    path.unlink()
    with pytest.raises(ModelFileError, match="missing, and it is the model adopted last.*--activate first"):
        serve()
    assert serve(activate="first").serving.sha256 == names[0]


def test_models_that_do_not_learn_say_why(serve: Make, text: Path, tmp_path: Path) -> None:
    path = tmp_path / "hmm.model"
    elman.train([[("the", "D"), ("dog", "N")]] * 3, model="hmm", on_warning=lambda doubt: None).save(path)
    service = serve(text, model=str(path), learn=LearnOptions())
    assert service.learning.state == "off" and "got a model of the kind hmm" in str(service.learning.error)
    language = tmp_path / "lm.model"
    elman.train(text, task="lm", model="ngram", on_warning=lambda doubt: None).save(language)
    service.close()
    with pytest.raises(ConfigError, match="a model of the task lm; serve needs one that tags words"):
        serve(model=str(language), database=str(tmp_path / "lm.sqlite"))

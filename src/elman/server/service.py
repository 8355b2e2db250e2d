"""``Service``: all that answers need, and what happens when a correction is stored or another model adopted."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from elman import __version__
from elman.data.schemes import NO_SCHEME, detect_scheme
from elman.errors import ConfigError, ElmanError
from elman.learn.corrections import check_model, labelled
from elman.models import file
from elman.server.cards import describe, make_cards
from elman.server.counts import Counts
from elman.server.documents import Documents, Item, check_values, read_file
from elman.server.events import CORRECTION, SKIP, UNDO, Event, Values
from elman.server.hub import Hub
from elman.server.learner import LearnOptions
from elman.server.learning import Learning
from elman.server.queue import Queue, Wish
from elman.server.shelf import KEEP, Shelf
from elman.server.store import Store
from elman.server.tagging import Batcher, Serving
from elman.utils.display import shown
from elman.utils.suggest import did_you_mean

if TYPE_CHECKING:
    from elman.taggers.column_predictor import ColumnPredictor


@dataclass(frozen=True, kw_only=True)
class ServiceOptions:
    """What is served.

    ``overlap``   the share of the sentences that every annotator sees
    ``activate``  the model to begin with, in place of the one adopted last
    """

    model: str
    database: str
    files: Sequence[str] = ()
    format: str | None = None
    encoding: str = "utf-8"
    text_column: str | None = None
    columns: Sequence[str] = ()
    overlap: float = 0.0
    keep: int = KEEP
    activate: str | None = None
    learn: LearnOptions = field(default_factory=LearnOptions)


class Service:
    """A model that answers, the database of corrections, and the learning behind it."""

    def __init__(self, options: ServiceOptions) -> None:
        """Open everything. Raises an ElmanError of one line for whatever is not as it should be."""
        file.read(options.model)  # so that no database is begun for something else
        self.options = options
        self.notes: list[str] = []
        self.hub = Hub()
        self.store = Store(options.database)
        try:
            self._open()
        except BaseException:
            self.store.close(discard=True)
            raise

    def _open(self) -> None:
        """Check all that is given, then store what is new of it."""
        options, store = self.options, self.store
        self.shelf = Shelf(store, options.model, options.keep)
        seed = int(store.setting("seed", str(options.learn.seed)) or 0)
        if seed != options.learn.seed:
            raise ConfigError(
                f"--seed: {store.path} was begun with {seed}, by which sentences are set aside; leave it out, or name "
                "another database (--db)"
            )
        wanted = None if options.activate is None else self.shelf.find(options.activate)
        present = wanted or store.adopted() or self.shelf.first
        model = self.shelf.load(present)
        check_task(model, options.model)
        tagger = cast("ColumnPredictor", model)
        self.columns = _chosen(options.columns, tagger)
        learn = options.learn if options.learn.off else _able(options.learn, tagger)
        how: dict[str, Any] = {"format": options.format, "encoding": options.encoding}
        files = [read_file(path, tagger, **how, text_column=options.text_column) for path in options.files]
        self.shelf.make_folder()
        if wanted is not None:
            store.adopt(wanted).result()
        for said, row in files:
            self.notes.append(said)
            store.put_file(row)
        self.documents = Documents(store.files(), seed, options.overlap, tagger)
        store.put_setting("sentences", str(len(self.documents.items)))
        rows = [row for row in store.models() if row.adopted and row.sha256 == present]
        number, kind = (rows[-1].number, rows[-1].kind) if rows else (1, "first")
        self.batcher = Batcher(Serving(tagger, present, number, kind))
        self.learning = Learning(store, self.shelf, self.hub, learn, self.adopt, self._words)
        self.learning.tell = lambda: self.hub.publish("status", self.shared_status())
        self.queue = Queue(self.documents, store.state, lambda: self.serving, seed)
        self.schemes = _schemes(self.documents.items, tagger.word_targets)
        self._names = {number: os.path.basename(name) for number, name, _ in self.documents.files}
        self.counts = Counts(self.documents, store.state)

    def _words(self, event: Event) -> tuple[str, ...]:
        """Return the words of an event as the model reads them; those of a sentence that is gone have no features."""
        item = self.documents.get(event.sentence)
        return event.words if item is None else item.words

    def start(self) -> None:
        """Begin to score sentences and to learn what waits."""
        self.shelf.prune(self.learning.models, self.serving.sha256, parts=True)
        threading.Thread(target=self.queue.check_files, name="elman-check", daemon=True).start()
        self.queue.start()
        self.learning.start()

    def close(self) -> None:
        """Finish what was begun, and give the database back."""
        self.hub.close()
        self.learning.close()
        self.queue.close()
        self.batcher.close()
        self.store.close()

    @property
    def name(self) -> str:
        """The name of the model's file, without its ending."""
        return os.path.splitext(os.path.basename(self.options.model))[0]

    @property
    def serving(self) -> Serving:
        """The model that answers."""
        return self.batcher.serving

    def adopt(self, serving: Serving) -> None:
        """Let another model answer; called from the threads that learn."""
        self.batcher.serving = serving
        self.queue.refresh()

    # --- annotation ---

    def cards(self, items: Sequence[Item], annotator: str) -> list[dict[str, Any]]:
        """Return the cards of sentences for an annotator."""
        cards = make_cards(items, self.serving, self.store.state, annotator, self._names)
        for card in cards:
            card["columns"] = {name: value for name, value in card["columns"].items() if name in self.columns}
            card["labels"] = {name: value for name, value in card["labels"].items() if name in self.columns}
        return cards

    def next_cards(self, wish: Wish) -> dict[str, Any]:
        """Return the next cards of the queue."""
        items, remaining = self.queue.next(wish)
        cards = self.cards(items, wish.annotator)
        if wish.order == "slips":
            for item, card in zip(items, cards, strict=True):
                card["score"] = round(self.queue.score(item, wish.order), 4)
        return {"cards": cards, "remaining": remaining}

    def event(self, kind: str, item: Item, annotator: str, seconds: float | None, values: Sequence[Values]) -> Event:
        """Return an event about a sentence, not yet stored. Raises ConfigError for values that do not fit it."""
        before, after = values
        for one in values:
            check_values(item.words, one, self.serving.tagger)
        if (before.columns.keys(), before.labels.keys()) != (after.columns.keys(), after.labels.keys()):
            raise ConfigError("expected the same columns and labels before and after")
        if kind == CORRECTION and not (after.columns or after.labels):
            raise ConfigError("after: expected at least one column or label")
        return Event(kind, annotator, item.id, item.words, before, after, seconds, self.serving.sha256)

    def stored(self, event: Event) -> None:
        """Tell all who wait for it that an event was stored."""
        about = {"id": event.sentence, "annotator": event.annotator, "kind": event.kind}
        self.hub.publish("correction", about)
        self.learning.tell()
        if event.kind != SKIP:
            self.learning.notify()

    def undone_kind(self, event: Event) -> str:
        """Return the kind of what an undo or redo took back or brought back."""
        state = self.store.state
        other = state.redoable(event.annotator) if event.kind == UNDO else state.undoable(event.annotator)
        return other.kind if other is not None and other.seq == event.undoes else CORRECTION

    # --- what is shown of it all ---

    def status(self, annotator: str) -> dict[str, Any]:
        """Return the answer of ``GET /v1/status``."""
        state = self.store.state
        found = self.shared_status()
        mine = [state.of(id, annotator) for id in state.done_by(annotator)]
        found["counts"]["mine"] = sum(event is not None and event.kind == CORRECTION for event in mine)
        undo, redo = state.undoable(annotator), state.redoable(annotator)
        return {**found, "annotator": annotator, "can_undo": undo is not None, "can_redo": redo is not None}

    def shared_status(self) -> dict[str, Any]:
        """Return what of it is the same for all annotators."""
        model = describe(self.serving, self.name)
        model["columns"] = [one for one in model["columns"] if one["name"] in self.columns]
        model["labels"] = [one for one in model["labels"] if one["name"] in self.columns]
        for column in model["columns"]:
            if column["kind"] == "spans" and self.schemes.get(column["name"], NO_SCHEME) != NO_SCHEME:
                column["scheme"] = self.schemes[column["name"]].upper()
        return {
            **self.learning.status(),
            "version": __version__,
            "annotators": self.store.state.annotators,
            "model": model,
            "files": self._files,
            "counts": self.counts.now(),
            "event": self.hub.last,
        }

    @cached_property
    def _files(self) -> list[dict[str, Any]]:
        sizes = Counter(item.file for item in self.documents.items)
        labelled = {item.file for item in self.documents.items if item.given.columns or item.given.labels}
        return [
            {
                "number": number,
                "name": os.path.basename(name),
                "format": read_as.found,
                "sentences": sizes[number],
                "labelled": number in labelled,
            }
            for number, name, read_as in self.documents.files
        ]

    def models(self) -> dict[str, Any]:
        """Return the answer of ``GET /v1/models``."""
        found = [
            {
                "sha256": row.sha256 or None,
                "number": row.number,
                "parent": row.parent,
                "time": row.time,
                "kind": row.kind,
                "corrections": len(row.events),
                "adopted": row.adopted,
                "available": row.adopted and self.shelf.has(row.sha256),
                "reason": row.reason,
                "heldout": row.heldout,
            }
            for row in reversed(self.learning.models)
        ]
        return {"current": self.serving.sha256, "models": found}


def check_task(model: Any, path: str) -> None:
    """Raise ConfigError for a model that has no tags of words or labels of texts."""
    if not getattr(model, "targets", ()) or model.reads_symbols or not hasattr(model, "pipe"):
        raise ConfigError(f"{path}: a model of the task {model.task}; serve needs one that tags words or labels texts")
    if not model.reads_sentences or not (model.word_targets or model.text_targets):
        raise ConfigError(f"{path}: a model of the task {model.task}; serve needs one that tags words or labels texts")


def _able(options: LearnOptions, tagger: ColumnPredictor) -> LearnOptions:
    """Return the options, turned off for a model that cannot learn from corrections.

    Raises DataError or ConfigError for files that cannot be learned from: the process that learns reads them later.
    """
    try:
        check_model(tagger)
    except ConfigError as error:
        return replace(options, off=str(error))
    for name, path in (("--replay", options.replay), ("--heldout", options.heldout)):
        if path is not None:
            labelled(tagger, path, name=name)
    return options


def _chosen(names: Sequence[str], tagger: ColumnPredictor) -> tuple[str, ...]:
    """Return the columns and labels that are shown, by default all. Raises ConfigError for one of another model."""
    for name in names:
        if name not in tagger.targets:
            near = did_you_mean(name, tagger.targets)
            raise ConfigError(
                f"--columns: the model's columns are {', '.join(tagger.targets)}, got {shown(name)}{near}"
            )
    return tuple(names) or tagger.targets


def _schemes(items: Sequence[Item], names: Sequence[str]) -> dict[str, str]:
    """Return the scheme of spans that the files' tags are of, by column."""
    found = {}
    for name in names:
        tags = [one for item in items if None not in (one := item.given.columns.get(name, (None,)))]
        try:
            found[name] = detect_scheme(cast(Any, tags)).scheme if tags else NO_SCHEME
        except ElmanError:
            found[name] = NO_SCHEME
    return found

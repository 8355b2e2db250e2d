"""The demonstration: a real treebank, three taggers trained on nine tenths of it and compared on the last tenth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING

from elman.data.formats import read_sentences
from elman.data.sentence import Sentence
from elman.data.split import split_percent
from elman.errors import MissingExtraError
from elman.evaluation.tagging import TagEvaluation
from elman.taggers.tagger import Tagger
from elman.taggers.train import train

if TYPE_CHECKING:
    from elman.training.progress import Progress

PACKAGE = "turkish-treebanks"
KINDS = ("frequent", "hmm", "rnn")


@dataclass(frozen=True, slots=True)
class Treebank:
    """The sentences of the package; every tenth is held out."""

    version: str
    train: list[Sentence]
    held_out: list[Sentence]
    rule: str
    """Which sentences are held out, in words."""


def treebank() -> Treebank:
    """Read the two CoNLL-U files of the package, which is never imported: it would need protobuf.

    Raises MissingExtraError if the package, or its files, are not installed.
    """
    try:
        files = metadata.files(PACKAGE) or []
        version = metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        raise MissingExtraError(PACKAGE, "demo") from None
    paths = sorted(str(file.locate()) for file in files if file.name.endswith(".conllu"))
    sentences = [sentence for path in paths for sentence in read_sentences(path) if sentence.words]
    if not sentences:
        raise MissingExtraError(PACKAGE, "demo")
    return Treebank(version, *split_percent(sentences, 10))


def taggers(
    data: Treebank,
    on_progress: Callable[[Progress], None] | None = None,
    on_note: Callable[[str], None] | None = None,
    threads: int | None = None,
) -> Iterator[tuple[Tagger, TagEvaluation]]:
    """Train each kind of tagger on the parts of speech and measure it on the held-out sentences.

    There is no dev set to choose by, so that the held-out sentences are unseen.
    """
    for kind in KINDS:
        tagger = train(
            data.train,
            model=kind,
            target="upos",
            threads=threads,
            on_progress=on_progress,
            on_note=on_note,
            on_warning=_ignore,
        )
        assert isinstance(tagger, Tagger)  # of words
        found = tagger.evaluate(data.held_out, target="upos")
        assert isinstance(found, TagEvaluation)  # of words
        yield tagger, found


def example(sentences: Sequence[Sentence]) -> Sentence:
    """Return the first sentence of seven to twelve words, or else the first."""
    return next((sentence for sentence in sentences if 7 <= len(sentence) <= 12), sentences[0])


def _ignore(warning: str) -> None:
    pass

"""Train taggers and document classifiers: a network, an ensemble, or a model of counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from elman.data.sentence import Sentence
from elman.data.targets import TAG
from elman.errors import ConfigError
from elman.models.history import History
from elman.models.kinds import model_class
from elman.taggers import replay
from elman.taggers.column_predictor import ColumnPredictor
from elman.taggers.prepare import WITH_SETTINGS, Prepared, prepare
from elman.taggers.request import TrainRequest
from elman.taggers.tagger import predictor_of
from elman.training.run_options import RunOptions

if TYPE_CHECKING:
    from elman.models.rnn import RecurrentModel

_T = TypeVar("_T", bound=ColumnPredictor)


def train(request: TrainRequest) -> ColumnPredictor:
    """Prepare the data, fit the model, and wrap it in a predictor, which can cut raw text into words.

    Raises ConfigError if settings are invalid, DataError if data cannot be used.
    """
    return train_labels(request, raw_text=True)


def train_labels(request: TrainRequest, *, raw_text: bool = False) -> ColumnPredictor:
    """Train as ``train`` does; without ``raw_text`` on sentences made from others, whose words may be none."""
    prepared, run = prepare(request, raw_text=raw_text), request.run
    _check_replay(request, prepared)
    run.note(*prepared.notes)
    run.warn(*prepared.warnings)
    if prepared.model in WITH_SETTINGS:
        model = _fit_better(prepared, run) if _is_open(request, prepared) else _fit(prepared, run)
    else:
        model = model_class(prepared.model).train(prepared.train)
    if prepared.dictionary is not None and prepared.dev:
        from elman.training.dictionary_report import report

        run.note(*report(model, prepared.dev, prepared.targets))
    facts = {**prepared.facts, "dev_accuracy": model.dev_accuracy}  # of the best epoch
    options: dict[str, Any] = {"targets": prepared.targets, "format": prepared.format, "threads": run.threads}
    options["inputs"] = prepared.inputs
    tagger = predictor_of(model, data=facts, **options)
    if prepared.dev_sentences is not None and prepared.model not in WITH_SETTINGS:
        accuracy = tagger.evaluate(prepared.dev_sentences, target=prepared.targets).accuracy
        tagger = predictor_of(model, data={**facts, "dev_accuracy": accuracy}, **options)
    if prepared.budget is not None and not tagger.interrupted:
        prepared.budget.finish()
    return _with_replay(tagger, prepared, request)


def _check_replay(request: TrainRequest, prepared: Prepared) -> None:
    """Raise ConfigError if sentences are to be kept by a model that does not learn from them, or of text on disk."""
    if not request.keep_replay:
        return
    if prepared.model not in WITH_SETTINGS:
        learners = " or ".join(WITH_SETTINGS)
        raise ConfigError(f"keep_replay: the model {prepared.model} does not learn from corrections, {learners} do")
    if not isinstance(prepared.train, list):
        raise ConfigError("keep_replay: expected 0 with text that is read from disk; elman learn --replay reads it")


def _with_replay(tagger: ColumnPredictor, prepared: Prepared, request: TrainRequest) -> ColumnPredictor:
    if not request.keep_replay or not isinstance(prepared.train, list):
        return tagger
    kept = replay.sample(prepared.train, prepared.targets, request.keep_replay, request.run.seed)
    return tagger.with_history(History(replay=kept))


def with_facts(tagger: _T, sentences: Sequence[Sentence], held_out: str | None) -> _T:
    """Return a copy of the tagger with facts of the original sentences, which its training data were derived from."""
    words = sum(len(sentence) for sentence in sentences)
    return tagger.about(format=sentences[0].format, sentences=len(sentences), words=words, held_out=held_out)


def _is_open(request: TrainRequest, prepared: Prepared) -> bool:
    """Return whether the choice of the model is left to dev: of document labels, if the request chooses nothing."""
    files = request.vectors, request.base, request.lexicon or None
    choices = request.model, request.settings or None, request.budget, *files
    is_free = request.preset == "default" and not any(value is not None for value in choices)
    return is_free and bool(prepared.dev) and TAG not in prepared.tasks


def _fit(prepared: Prepared, run: RunOptions) -> RecurrentModel:
    from elman.training.train_rnn import train_linear, train_rnn

    if prepared.model == "linear":
        return train_linear(prepared.train, prepared.dev, prepared.config, run, prepared.tasks)
    return train_rnn(
        prepared.train,
        prepared.dev,
        prepared.config,
        run,
        tasks=prepared.tasks,
        vectors=prepared.vectors,
        budget=prepared.budget,
        dictionary=prepared.dictionary,
        silver=prepared.silver,
    )


def _fit_better(prepared: Prepared, run: RunOptions) -> RecurrentModel:
    """Train a linear model and a network; return the better one on dev, the network if they are equal, with a note."""
    from elman.training.train_rnn import train_both

    assert prepared.dev is not None
    network, linear = train_both(prepared.train, prepared.dev, prepared.config, run, prepared.tasks)
    if network.training["interrupted"]:
        return network
    of_network, of_linear = (model.dev_accuracy or 0.0 for model in (network, linear))
    scores = f"on dev the network has {100 * of_network:.2f} %, the linear model {100 * of_linear:.2f} %"
    if of_linear > of_network:
        run.note(f"{scores}; the linear model is kept, --model rnn asks for the network")
        return linear
    run.note(f"{scores}; the network is kept")
    return network

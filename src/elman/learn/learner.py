"""``Learner``: a model that learns from corrections one after the other, and reports what it forgets."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from operator import eq
from typing import Any

import numpy as np

from elman.data.correction import Correction
from elman.data.sentence import NO_TAG
from elman.learn import corrections as reading, history
from elman.learn.changes import Predictions, is_right
from elman.learn.growth import grown
from elman.learn.patch import Examples, PatchOptions, patched
from elman.learn.report import UpdateReport, make_report
from elman.models import dtype, file
from elman.models.rnn import RecurrentModel
from elman.nn.encoder import Parameters
from elman.taggers.base import Predictor
from elman.taggers.tagger import Tagger, TextClassifier
from elman.utils import limits
from elman.utils.parallel import thread_count
from elman.utils.summary import counted

RESAMPLES = 1_000
"""Resamples of the bootstrap in a report, unless more are asked for."""
BUNDLE = 50
"""After this many corrections the latest ones are learned again, together: one by one they teach less."""
RECENT = 200
"""Earlier corrections, the latest, that choose the share of new parameters: more would cost time with each one."""
OF_NGRAMS = 10.0
"""Times the learning rate for models of n-grams alone: each of their weights moves a score by little."""
APART = 500_009
"""Between the seeds of the rounds."""
SPARE = 10
"""Without held-out text every tenth of the replayed sentences is held out, if there are ten times as many."""

Model = Tagger | TextClassifier


class Learner:
    """A model that learns from corrections one after the other.

    ``model``    a ``Tagger``, ``TextClassifier`` or ``TaggerClassifier`` with networks; afterwards the updated one
    ``replay``   training sentences, some of which each update learns again; by default those that the model file holds
    ``heldout``  labelled sentences on which forgetting is measured; by default every tenth of the replayed ones
    ``seed``     same model, corrections and seed: same bits, whatever ``threads`` is

    Raises ConfigError for a model that does not learn from corrections, DataError for data that cannot be read.
    """

    def __init__(
        self,
        model: Predictor,
        *,
        replay: Any = None,
        heldout: Any = None,
        seed: int = 1,
        threads: int = 1,
        options: PatchOptions | None = None,
    ) -> None:
        self.model: Model = reading.check_model(model)
        self.options, self.seed = options, limits.whole_number("seed", seed, 0, limits.SEED)
        self.threads = thread_count(threads)
        self.notes: list[str] = []
        self.replay = (
            list(self.model.history.replay) if replay is None else reading.labelled(model, replay, name="replay")
        )
        self.heldout = [] if heldout is None else reading.labelled(model, heldout, name="heldout")
        if heldout is None and len(self.replay) >= SPARE * SPARE:
            self.heldout, self.replay = self.replay[::SPARE], [s for i, s in enumerate(self.replay) if i % SPARE]
            self.notes.append(f"no held-out text: {len(self.heldout):,} of the replayed sentences are held out for it")
        if not self.replay:
            self.notes.append("no sentences to replay, so nothing holds the model to what it knew")
        self._predictions = Predictions(self.model)

    def update(
        self,
        corrections: Any,
        *,
        unlabelled: str = NO_TAG,
        naive: bool = False,
        keep_text: bool = True,
        resamples: int = RESAMPLES,
    ) -> UpdateReport:
        """Learn corrections, and return the report of what was learned and forgotten; ``model`` is the updated model.

        ``corrections``  as ``elman.learn.read`` takes them with ``unlabelled``, or what it returns
        ``naive``        also try naive fine-tuning, without replay, for the report
        ``keep_text``    keep the text of the corrections in the model, to learn and test it again later

        Raises the errors of ``elman.learn.read``, and DataError for tags that break the model's rules of spans.
        """
        started, notes = time.perf_counter(), list(self.notes)
        if not self.heldout:
            notes.append("no held-out text, so what is forgotten cannot be measured")
        found = reading.read(self.model, corrections, unlabelled=unlabelled, on_note=notes.append)
        before, past = self.model, self.model.history
        new = self._to_learn(found)
        earlier, contradictions = reading.merged(new, past.corrections, before.text_targets)
        again = {each.digest for each in new}
        earlier = [each for each in earlier if each.digest not in again]
        known = {each.digest for each in earlier}
        earlier += [each for each in found if each not in new and each.digest not in known]
        learned = past.words_digests | {each.words_digest for each in new}
        replay, heldout = (reading.apart(texts, learned) for texts in (self.replay, self.heldout))
        if len(heldout) < len(self.heldout):
            left_out = counted(len(self.heldout) - len(heldout), "held-out sentence")
            notes.append(f"{left_out} left out: corrections have the same words")
        patch = _Patch(self, new, earlier, replay, heldout)
        replayed, about = patch.replayed, patch.about()
        alpha, predictions = patch.best()
        parent = hashlib.sha256(file.to_bytes(*before.to_record())).hexdigest()
        kept = history.updated(past, parent, new, earlier, keep_text=keep_text)
        after = reading.check_model(predictions.model).with_history(kept)
        report = make_report(
            self._predictions,
            predictions,
            new,
            earlier,
            heldout,
            replayed,
            naive=patch.naive() if naive else None,
            resamples=resamples,
            seed=self.seed,
            alpha=alpha,
            notes=[*notes, *contradictions],
            **about,
        )
        after._model.clear_cache()  # it grows with the words of all corrections
        self.model, self._predictions = after, predictions
        predictions.model = after
        report.seconds = time.perf_counter() - started
        return report

    def _to_learn(self, corrections: Sequence[Correction]) -> list[Correction]:
        """Return the corrections that are new, and those of before that the model does not get right."""
        standing = self.model.history.standing
        known = [each for each in corrections if standing.get(each.words_digest) == each.digest]
        self._predictions.add(known)
        right = {each.digest for each in known if is_right(each, self._predictions[each])}
        return [each for each in corrections if each.digest not in right]


class _Patch:
    """One update of a learner: the grown model, the parameters after the patch, and what was added."""

    def __init__(
        self,
        learner: Learner,
        new: Sequence[Correction],
        earlier: Sequence[Correction],
        replay: Sequence[Correction],
        heldout: Sequence[Correction],
    ) -> None:
        self.learner, self.new, self.earlier, self.heldout = learner, new, earlier, heldout
        self.old: RecurrentModel = learner.model._model  # type: ignore[assignment]
        targets = learner.model.targets
        counts = Counter(word for correction in new for word in correction.words)
        tags = [
            sorted({label for each in new for label in each.labels.get(name, ()) if label is not None})
            for name in targets
        ]
        texts = [each.words for each in (*earlier, *new)]
        self.grown = grown(self.old, counts, tags, texts)
        self.seed = (learner.seed + len(learner.model.history.digests)) % 2**63
        self.rounds, self.replayed = 0, list[Correction]()
        self.options = learner.options or PatchOptions.of(len(new))
        self.members, self.full = self._patched(earlier, replay, self.options)

    def _patched(
        self, earlier: Sequence[Correction], replay: Sequence[Correction], options: PatchOptions
    ) -> tuple[list[Parameters], Predictions]:
        """Return the parameters after the patch, and the predictions of a model of these alone.

        A patch is rounds of steps until all corrections are learned, each at twice the learning rate of the one before.
        When the corrections fill another bundle, all of the latest one are learned together first.
        """
        members, full = None, None
        if len(self.new) < BUNDLE and len(earlier) // BUNDLE < (len(earlier) + len(self.new)) // BUNDLE:
            older, latest = earlier[: len(self.new) - BUNDLE], [*earlier[len(self.new) - BUNDLE :], *self.new]
            many = self.learner.options or replace(PatchOptions.of(BUNDLE), steps=BUNDLE)  # most are learned already
            members, _ = self._round((latest, older, replay), many, options.rounds, None)
            pairs = zip(self.grown.members, members, strict=True)
            members = [_mixed(old, own, many.alphas[0], half=False) for old, own in pairs]
        rate = options.rate * (1.0 if self.old.network.encodes else OF_NGRAMS)
        for number in range(options.rounds if self.new else 0):
            twice = replace(options, rate=rate * 2**number)
            members, self.replayed = self._round((self.new, earlier, replay), twice, number, members)
            self.rounds = number + 1
            full = self._predictions(members, 1.0)
            full.add(self.new)
            if all(is_right(each, full[each]) for each in self.new):
                break
        members = members or list(self.grown.members)
        return members, full or self._predictions(members, 1.0)

    def _round(
        self, examples: Examples, options: PatchOptions, number: int, start: list[Parameters] | None
    ) -> tuple[list[Parameters], list[Correction]]:
        return patched(
            self.grown,
            self.learner.model.targets,
            examples,
            options,
            known=[len(tags) for tags in self.old.tag_sets],
            seed=(self.seed + number * APART) % 2**63,
            threads=self.learner.threads,
            start=start,
        )

    def best(self) -> tuple[float, Predictions]:
        """Return the best share of new parameters, and the predictions of the model that has it.

        The best learns most corrections; of several such, it is right on most of the latest corrections and held-out
        sentences. Shares are tried in turn until none of these is lost, or the next is no better. What is
        predicted as by the old model with one share is taken to be so with smaller ones.
        """
        learner, best = self.learner, None
        old, texts = learner._predictions, [*self.earlier[-RECENT:], *self.heldout]
        old.add(texts)
        for alpha in self.options.alphas if self.new else (1.0,):
            predictions = self.full if alpha == 1.0 else self._predictions(self.members, alpha)
            predictions.add([*self.new, *texts])
            texts = [text for text in texts if predictions[text] != old[text]]
            gain = _right(texts, predictions) - _right(texts, old)
            score = sum(is_right(each, predictions[each]) for each in self.new), gain
            if best is not None and score <= best[0]:
                break
            best = score, alpha, predictions
            if gain >= 0:
                break
        assert best is not None
        return best[1:]

    def naive(self) -> Predictions:
        """Return the predictions of the model after the same steps on the corrections alone."""
        return self._patched((), (), replace(self.options, weight=0.0))[1]

    def about(self) -> dict[str, Any]:
        """Return what was added, for the report."""
        n = len(self.old.lexicon.vocabulary.words)
        pairs = zip(self.learner.model.targets, self.grown.tag_sets, self.old.tag_sets, strict=True)
        tags = {name: list(after[len(before) :]) for name, after, before in pairs if len(after) > len(before)}
        steps = self.rounds * self.options.number(len(self.new)) if self.new else 0
        return {"new_words": list(self.grown.lexicon.vocabulary.words[n:]), "new_tags": tags, "steps": steps}

    def _predictions(self, members: Sequence[Parameters], alpha: float) -> Predictions:
        """Return the predictions of the model with this share of new parameters."""
        half = self.old.config.network.dtype == dtype.HALF
        mixed = [_mixed(a, b, alpha, half=half) for a, b in zip(self.grown.members, members, strict=True)]
        grown = self.grown
        model = type(grown)(grown.config, grown.lexicon, grown.heads, mixed, grown.training)
        model.precision = grown.precision
        return Predictions(self.learner.model._copy(_model=model))


def _mixed(old: Parameters, new: Parameters, alpha: float, *, half: bool) -> Parameters:
    """Return alpha · new + (1 - alpha) · old, rounded as the model file holds it."""
    share, rest = np.float32(alpha), np.float32(1 - alpha)
    mixed: Parameters = {name: share * w + rest * old[name] for name, w in new.items()}
    return {name: dtype.rounded(w.astype(np.float32)) for name, w in mixed.items()} if half else mixed


def _right(texts: Sequence[Correction], predictions: Predictions) -> int:
    """Return the number of given labels that are predicted."""
    return sum(sum(map(eq, labels, predictions[text][name])) for text in texts for name, labels in text.labels.items())


def update(
    model: Predictor,
    corrections: Any,
    *,
    replay: Any = None,
    heldout: Any = None,
    format: str | None = None,
    encoding: str = "utf-8",
    unlabelled: str = NO_TAG,
    seed: int = 1,
    threads: int = 1,
    naive: bool = True,
) -> tuple[Model, UpdateReport]:
    """Return a model that has learned corrections, and the report of what it learned and forgot.

    ``corrections``  as ``elman.learn.read`` takes them, with ``format``, ``encoding`` and ``unlabelled``
    ``naive``        also try naive fine-tuning, without replay, for the report

    Otherwise as ``Learner``. The model itself is not changed.
    """
    learner = Learner(model, replay=replay, heldout=heldout, seed=seed, threads=threads)
    notes: list[str] = []
    found = reading.read(
        model, corrections, format=format, encoding=encoding, unlabelled=unlabelled, on_note=notes.append
    )
    learner.notes += notes
    report = learner.update(found, unlabelled=unlabelled, naive=naive, resamples=10_000)
    return learner.model, report

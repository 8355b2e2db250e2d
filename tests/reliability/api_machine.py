"""Call the Python API in random orders, on tiny models, beside a plain model of what must come out.

    python tests/reliability/api_machine.py [--share 0.1] [--seed 1] [--minutes 20]

A run trains, tags, evaluates, saves, loads, learns, copies, pickles and uses models from threads, up to 15 calls. The
tags of a sentence stay the same for a model and for all its copies, whatever else happens; the same model gives the
same file; learning changes no other model; an error is an ElmanError.
"""

from __future__ import annotations

import copy
import pickle
import sys
import tempfile
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

from hypothesis import HealthCheck, Phase, seed, settings, strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

import campaign as campaigns
import elman
from elman.errors import ElmanError, ModelFileError

TOTAL, BLOCK, STEPS = 2_000, 20, 15
FOLDERS = ["data", "evaluation", "features", "learn", "models", "nn", "taggers", "training", "utils"]
TINY = {"hidden": 3, "embedding": 2, "feature_embedding": 2, "epochs": 1, "ensemble": 1, "shards": 1}
KINDS: dict[str, dict[str, Any]] = {
    "rnn": {"settings": {**TINY, "decoder": "softmax"}},
    "crf": {"settings": {**TINY, "decoder": "crf"}, "keep_replay": 2},
    "ensemble": {"settings": {**TINY, "ensemble": 2, "shards": 2}},
    "forward gru": {"settings": {**TINY, "cell": "gru", "direction": "forward"}},
    "hmm": {"model": "hmm"},
    "frequent": {"model": "frequent"},
}
WORDS = ["the", "old", "cats", "sleep", "a", "Zürich", "日本", "x_y", "\u202e", "=1", "<b>", "e\u0301"]
TAGS = ["D", "A", "N", "V", "B-X", "<i>"]
word, tag = st.sampled_from(WORDS), st.sampled_from(TAGS)
sentence = st.lists(word, min_size=1, max_size=6)
labelled = st.lists(st.lists(st.tuples(word, tag), min_size=1, max_size=5), min_size=1, max_size=4)
ODD: list[Any] = [
    None,
    5,
    "",
    "\0",
    b"x",
    [],
    [1],
    [[]],
    [None],
    [[("a", None)]],
    [["\ud800"]],
    {},
    object(),
    float("nan"),
    -1,
    10**30,
]
Tags = list[str]


class Known:
    """A model, and the tags that it has given."""

    def __init__(self, model: Any, tags: dict[tuple[str, ...], Tags] | None = None) -> None:
        self.model, self.tags = model, {} if tags is None else tags

    def check(self, words: list[str], tags: Any) -> None:
        """Raise AssertionError if the tags of a sentence are not those given before."""
        assert len(tags) == len(words) and set(tags) <= set(self.model.tags), (words, tags)
        assert self.tags.setdefault(tuple(words), list(tags)) == list(tags), (words, tags)

    def tag(self, words: list[str]) -> None:
        """Tag a sentence, and check its tags."""
        self.check(words, self.model.tag(words))


class Machine(RuleBasedStateMachine):
    """Calls of the Python API; ``runs`` counts the runs, ``calls`` their calls."""

    runs = calls = 0
    models = Bundle("models")

    def __init__(self) -> None:
        super().__init__()
        type(self).runs += 1
        self._folder = tempfile.TemporaryDirectory()
        self._saved: dict[Path, Known] = {}
        self._all: list[Known] = []

    def teardown(self) -> None:
        """Check all that was said and saved once more."""
        for known in self._all:
            for words in list(known.tags)[:2]:
                known.tag(list(words))
        for path, known in self._saved.items():
            Known(elman.load(path), known.tags).tag(["the", "cats"])
        self._folder.cleanup()

    def _known(self, model: Any, tags: dict[tuple[str, ...], Tags] | None = None) -> Known:
        type(self).calls += 1
        known = Known(model, tags)
        known.tag(["the", "cats"])
        self._all.append(known)
        return known

    @initialize(target=models, data=labelled, kind=st.sampled_from(list(KINDS)))
    def begin(self, data: Any, kind: str) -> Known:
        """Train the first model."""
        return self.train(data, kind, 1, False)

    @rule(
        target=models, data=labelled, kind=st.sampled_from(list(KINDS)), number=st.integers(0, 3), again=st.booleans()
    )
    def train(self, data: Any, kind: str, number: int, again: bool) -> Known:
        """Train a model; trained again it is the same, byte for byte."""
        how = {"seed": number, "threads": 1, "on_warning": lambda doubt: None, **KINDS[kind]}
        known = self._known(elman.train(data, **how))
        if again:
            assert self._bytes(elman.train(data, **how)) == self._bytes(known.model)
        return known

    def _bytes(self, model: Any) -> bytes:
        path = Path(self._folder.name) / "compared"
        model.save(path)
        return path.read_bytes()

    @rule(known=models, sentences=st.lists(sentence, min_size=1, max_size=4), threads=st.sampled_from([1, 2]))
    def tag(self, known: Known, sentences: list[list[str]], threads: int) -> None:
        """Tag one by one and all at once."""
        type(self).calls += 1
        known.model.threads = threads
        for words in sentences:
            known.tag(words)
        for words, tags in zip(sentences, known.model.pipe(sentences), strict=True):
            known.check(words, tags)

    @rule(known=models, words=sentence)
    def rank(self, known: Known, words: list[str]) -> None:
        """Ask for the best sequences of tags, and for confidences: the first are the tags."""
        type(self).calls += 1
        try:
            best = known.model.nbest(words, 2)
        except ElmanError:
            return
        assert best, words
        ((tags, confidences),) = known.model.pipe([words], confidence=True)
        known.check(words, tags)
        assert len(confidences) == len(words) and all(0 <= p <= 1 for p in confidences)

    @rule(known=models, data=labelled)
    def evaluate(self, known: Known, data: Any) -> None:
        """Evaluate: the accuracy is that of the tags."""
        type(self).calls += 1
        result = known.model.evaluate(data)
        right = total = 0
        for pairs in data:
            words = [word for word, _ in pairs]
            known.tag(words)
            right += sum(a == b for a, (_, b) in zip(known.tags[tuple(words)], pairs, strict=True))
            total += len(words)
        assert abs(result.accuracy - right / total) < 1e-9

    @rule(known=models, name=st.sampled_from(["a", "b", "<b>\u202e"]))
    def save(self, known: Known, name: str) -> None:
        """Save, perhaps over another model."""
        type(self).calls += 1
        path = Path(self._folder.name) / name
        known.model.save(path)
        self._saved[path] = known
        assert sorted(p.name for p in path.parent.iterdir() if p.name != "compared") == sorted(
            p.name for p in self._saved
        )

    @rule(target=models, number=st.integers(0, 2))
    def load(self, number: int) -> Any:
        """Load what was saved: it tags alike, and its file is the same."""
        if not self._saved:
            return self._all[0]
        path = sorted(self._saved)[number % len(self._saved)]
        known = self._saved[path]
        model = elman.load(path, threads=1)
        assert self._bytes(model) == path.read_bytes()
        return self._known(model, known.tags)

    @rule(number=st.integers(0, 2), at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
    def damage(self, number: int, at: float, bit: int) -> None:
        """Load a copy of a file that is cut off or differs in a bit: it is refused."""
        if not self._saved:
            return
        type(self).calls += 1
        data = bytearray(sorted(self._saved)[number % len(self._saved)].read_bytes())
        place = int(at * len(data))
        damaged = Path(self._folder.name) / "compared"
        for content in (data[:place], data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]):
            damaged.write_bytes(content)
            try:
                elman.load(damaged)
            except ModelFileError:
                continue
            raise AssertionError(f"damaged at {place}, and loads")

    @rule(target=models, known=models, data=labelled)
    def learn(self, known: Known, data: Any) -> Any:
        """Learn from corrections; the model before them stays as it is."""
        before = {words: list(tags) for words, tags in known.tags.items()}
        try:
            model, report = elman.learn.update(known.model, data, naive=False)
        except ElmanError:
            return known
        repr(report)
        assert len(model.history.digests) >= 1
        for words in list(before)[:2]:
            known.tag(list(words))
        return self._known(model)

    @rule(
        target=models,
        known=models,
        how=st.sampled_from([copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))]),
    )
    def copied(self, known: Known, how: Callable[[Any], Any]) -> Known:
        """Copy a model: it tags alike."""
        model = how(known.model)
        assert type(model) is type(known.model) and self._bytes(model) == self._bytes(known.model)
        return self._known(model, known.tags)

    @rule(target=models, known=models)
    def without_temperatures(self, known: Known) -> Known:
        """Take away the temperatures: the tags stay."""
        return self._known(known.model.uncalibrated(), known.tags)

    @rule(known=models, other=models, sentences=st.lists(sentence, min_size=1, max_size=6))
    def threads(self, known: Known, other: Known, sentences: list[list[str]]) -> None:
        """Tag with two models from four threads, while one is saved and loaded."""
        type(self).calls += 1
        known.tag(sentences[0])
        with ThreadPoolExecutor(4) as pool:
            tagged = [(one, words, pool.submit(one.model.tag, words)) for words in sentences for one in (known, other)]
            piped = pool.submit(lambda: list(known.model.pipe(sentences)))
            saved = pool.submit(self._bytes, known.model)
            for one, words, tags in tagged:
                one.check(words, tags.result())
            for words, tags in zip(sentences, piped.result(), strict=True):
                known.check(words, tags)
            assert saved.result() == self._bytes(known.model)

    @rule(
        known=models,
        value=st.sampled_from(ODD),
        call=st.sampled_from(["tag", "pipe", "evaluate", "save", "train", "load", "learn", "nbest"]),
    )
    def wrong(self, known: Known, value: Any, call: str) -> None:
        """Pass something unexpected: an ElmanError, or a result, as for no sentences."""
        type(self).calls += 1
        calls: dict[str, Callable[[], Any]] = {
            "tag": lambda: known.model.tag(value),
            "pipe": lambda: list(known.model.pipe(value)),
            "evaluate": lambda: known.model.evaluate(value),
            "save": lambda: known.model.save(value) if value != b"x" else None,
            "train": lambda: elman.train(value, model="frequent", on_warning=lambda doubt: None),
            "load": lambda: elman.load(value),
            "learn": lambda: elman.learn.update(known.model, value, naive=False),
            "nbest": lambda: known.model.nbest(["a"], value),
        }
        try:
            calls[call]()
        except ElmanError as error:
            assert "\n" not in str(error) and len(str(error)) < 1_100


def run(number: int, n: int = BLOCK, shrink: bool = False) -> tuple[int, int]:
    """Try ``n`` runs that follow from a number; return the numbers of runs and calls. Raises what a run raises."""
    Machine.runs = Machine.calls = 0
    usual = settings(
        max_examples=n,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=[Phase.generate, *([Phase.shrink] if shrink else [])],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    run_state_machine_as_test(seed(number)(Machine), settings=usual)
    return Machine.runs, Machine.calls


def main() -> int:
    """Run the campaign."""
    parser = campaigns.options(__doc__)
    parser.add_argument(
        "--try", type=int, dest="number", help="try the block of this number alone, and shrink what fails"
    )
    given = parser.parse_args()
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", category=DeprecationWarning, module="hypothesis")
    if given.number is not None:
        print(run(given.number, shrink=True))
        return 0
    campaign = campaigns.Campaign(given, "Python API", title="random calls of the Python API, in runs", folders=FOLDERS)
    for block in campaign.cases(TOTAL // BLOCK):
        try:
            runs, calls = run(1_000 * given.seed + block)
            campaign.count("runs without surprise", runs)
        except Exception as error:
            campaign.fault(f"--try {1_000 * given.seed + block}: {type(error).__name__}: {str(error)[:500]}")
    return campaign.finish()


if __name__ == "__main__":
    sys.exit(main())

"""The component of spaCy pipelines sets what the model predicts, and a pipeline is saved with its model."""

from __future__ import annotations

import pickle
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import elman
from elman.errors import ConfigError, DataError, ModelFileError
from example_data import DATA

spacy = pytest.importorskip("spacy", reason="spacy is not installed: make test-integrations has it")
from spacy.tests.util import assert_docs_equal  # noqa: E402
from spacy.tokens import Doc  # noqa: E402
from spacy.training import Example  # noqa: E402

from elman.integrations.spacy import ElmanComponent  # noqa: E402
from elman.integrations.spacy_words import DocWords, found_words  # noqa: E402

SMALL: dict[str, Any] = {"hidden": 8, "embedding": 6, "epochs": 4, "batch": 8, "ensemble": 1}
ADDRESSES = ["12 Mill Road , Leeds L1 2AB", "Flat 3 4 King St York Y2 3DG", "Bath B1 1AG 7 Park Lane"]
TEXTS = ["The old dog sleeps. The cats saw a bird.", "Judges waited.  They don't\n\nlike guides.", "", " ", "a\tb"]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Paths of a model of each kind."""
    folder = tmp_path_factory.mktemp("models")
    for name in ("treebank", "addresses"):
        (folder / name).mkdir()
        DATA[name](folder / name)
    trees, spans = folder / "treebank" / "train.conllu", folder / "addresses" / "train.conll"
    texts = [("good film", "pos"), ("bad film", "neg"), ("very good", "pos"), ("so bad", "neg")] * 4
    several = [("good film", "film|good"), ("bad book", "book"), ("good book", "book|good")] * 4
    both = [elman.Sentence(("in", "Oslo"), {"ner": ("O", "B-L")}, labels={"mood": mood}) for mood in ("a", "b")] * 4
    jobs: dict[str, Any] = {
        "pipeline": (trees, {"task": "pipeline"}),
        "parse": (trees, {"task": "parse"}),
        "lemma": (trees, {"task": "lemma"}),
        "upos": (trees, {}),
        "spans": (spans, {}),
        "texts": (texts, {"task": "classify"}),
        "several": (several, {"task": "classify"}),
        "both": (both, {"target": "ner,mood"}),
    }
    return {name: trained(folder / f"{name}.model", *job) for name, job in jobs.items()}


def trained(path: Path, data: Any, options: dict[str, Any]) -> str:
    data = str(data) if isinstance(data, Path) else data
    elman.train(data, settings=SMALL, threads=1, on_warning=lambda line: None, **options).save(path)
    return str(path)


def pipeline(*models: str, sentences: bool = False, **config: Any) -> Any:
    nlp = spacy.blank("en")
    if sentences:
        nlp.add_pipe("sentencizer")
    for i, model in enumerate(models):
        nlp.add_pipe("elman", name=f"elman{i}", config={"model": model, **config})
    return nlp


def words_in(doc: Any) -> list[str]:
    return [token.text for token in doc if not token.text.isspace()]


def same(one: Any, other: Any) -> None:
    assert_docs_equal(one, other)
    assert [(str(t.morph), t.lemma_, t._.elman_confidences) for t in one] == [
        (str(t.morph), t.lemma_, t._.elman_confidences) for t in other
    ]
    assert one.cats == other.cats and one.spans.keys() == other.spans.keys()


def test_tags(models):
    doc = pipeline(models["upos"])("The old dog sleeps .")
    tags, p = next(elman.load(models["upos"]).pipe([words_in(doc)], confidence=True))
    assert [t.pos_ for t in doc] == tags and [t.tag_ for t in doc] == [""] * 5
    assert [t._.elman_confidence for t in doc] == p and doc[0]._.elman_confidences == {"upos": p[0]}


def test_spans_are_entities(models):
    nlp = pipeline(models["spans"])
    model = elman.load(models["spans"])
    for text in ADDRESSES:
        doc = nlp(text)
        tags = model.tag(words_in(doc))
        assert [t.ent_type_ for t in doc] == [tag.partition("-")[2] for tag in tags]
        for ent in doc.ents:
            assert ent._.elman_confidence == min(t._.elman_confidence for t in ent)


def test_confidences_of_merged_tokens_are_unknown(models):
    nlp = pipeline(models["spans"])
    nlp.add_pipe("merge_entities")
    doc = nlp(ADDRESSES[0])
    assert len(doc) < len(ADDRESSES[0].split()) and doc.ents
    assert [t._.elman_confidence for t in doc] == [None] * len(doc) and doc.ents[0]._.elman_confidence is None


def test_trees_and_lemmas(models):
    doc = pipeline(models["parse"], models["lemma"], sentences=True)(TEXTS[0])
    parsed = elman.load(models["parse"]).predict([words_in(sent) for sent in doc.sents], columns=["head", "deprel"])
    lemmas = elman.load(models["lemma"]).predict([words_in(sent) for sent in doc.sents])
    assert len(parsed) == 2
    for sent, tree, own in zip(doc.sents, parsed, lemmas, strict=True):
        heads = [0 if t.head == t else t.head.i - sent.start + 1 for t in sent]
        assert heads == list(map(int, tree["head"])) and [t.dep_ for t in sent] == tree["deprel"]
        assert [t.lemma_ for t in sent] == own


def test_a_pipeline_finds_its_own_words(models):
    nlp, model = pipeline(models["pipeline"]), elman.load(models["pipeline"])
    for text in TEXTS:
        doc = nlp(text)
        assert doc.text == text
        (words,) = found_words(model, [nlp.make_doc(text)])
        assert words.sentences == model.tokenize(text)
        assert len(words.spans) == sum(map(len, words.sentences))
        if words_in(doc):
            assert len(list(doc.sents)) == len(words.sentences)
        same(pipeline(models["pipeline"], words="model")(text), doc)
    doc = nlp(TEXTS[1])
    assert [t.pos_ for t in doc if t.text.isspace()] == ["SPACE"] * 2
    assert [t._.elman_confidence for t in doc if t.text.isspace()] == [None] * 2
    on_tokens = pipeline(models["pipeline"], words="doc")(TEXTS[1])
    assert len(list(on_tokens.sents)) == 1


def test_a_tagger_finds_words_by_its_rules(models):
    text = "The dog sleeps.The cat saw\na bird."
    by_rules, by_tokens = (pipeline(models["upos"], words=words)(text) for words in ("model", "auto"))
    assert by_rules.has_annotation("SENT_START") and not by_tokens.has_annotation("SENT_START")
    with pytest.raises(ConfigError, match="tokenize: this model labels whole texts"):
        pipeline(models["texts"], words="model")


def test_words_of_several_tokens_and_tokens_of_several_words():
    doc = Doc(spacy.blank("en").vocab, words=["a", "b", " ", "cd", "e"])
    # words: ab (tokens 0 and 1), c and d (token 3), e
    words = DocWords(doc, [["ab", "c", "d", "e"]], [(0, 2), (3, 4), (3, 4), (4, 5)], True)
    heads = [2, 2, 3, 3]
    owners = words.owners(heads)
    assert owners == [0, 0, None, 2, 3]
    assert words.heads(heads, owners) == ([3, 0, 1, 4, 4], {1, 2})


def test_heads_of_tokens_are_trees_whatever_the_words_are():
    draw = random.Random(1)
    vocab = spacy.blank("en").vocab
    for _ in range(300):
        n = draw.randint(1, 8)
        doc = Doc(vocab, words=[draw.choice(["a", "b", " "]) for _ in range(n)])
        tokens = [i for i in range(n) if not doc[i].is_space]
        spans = sorted(
            (first, draw.randint(first, min(first + 2, n - 1)) + 1)
            for first in draw.choices(tokens or [0], k=draw.randint(1, 9))
        )
        order = draw.sample(range(len(spans)), len(spans))
        heads = [0] * len(spans)
        for place, word in enumerate(order):
            heads[word] = order[draw.randrange(place)] if place else word
        words = DocWords(doc, [["w"] * len(spans)], spans, True)
        found, _ = words.heads(heads, words.owners(heads))
        for token in range(n):
            steps = 0
            while found[token] != token:
                token, steps = found[token], steps + 1
                assert steps <= n


def test_categories(models):
    nlp = pipeline(models["texts"])
    doc, model = nlp("so good"), elman.load(models["texts"])
    assert doc.cats == pytest.approx(dict(zip(model.tags, model.probabilities("so good").tolist(), strict=True)))
    assert nlp("").cats == {}
    several = pipeline(models["several"])("good book").cats
    assert several.keys() == {"book", "film", "good"} and all(0 <= p <= 1 for p in several.values())
    both = pipeline(models["both"])("in Oslo")
    assert both.cats.keys() == {"a", "b"} and both.has_annotation("ENT_IOB")


def test_categories_of_a_batch_are_predicted_together(models, monkeypatch):
    nlp = pipeline(models["both"])
    model, calls = nlp.get_pipe("elman0").predictor._model, []
    own = type(model).probabilities
    monkeypatch.setattr(
        type(model), "probabilities", lambda self, some, column=0: calls.append(len(some)) or own(self, some, column)
    )
    docs = list(nlp.pipe(["in Oslo", "", " ", "in Rome", "Oslo"]))
    assert calls == [3] and [len(doc.cats) for doc in docs] == [2, 0, 0, 2, 2]


def test_a_token_with_a_space_in_it_has_categories(models):
    nlp = pipeline(models["texts"])
    doc = Doc(nlp.vocab, words=["a good", "film"])
    assert nlp(doc).cats.keys() == {"pos", "neg"}


def test_what_sets_what_can_be_chosen(models):
    doc = pipeline(models["upos"], annotations={"upos": "tag"})("The dog sleeps .")
    assert [t.tag_ for t in doc] == elman.load(models["upos"]).tag(words_in(doc)) and not doc.has_annotation("POS")
    spans = pipeline(models["spans"], models["spans"], annotations={"2": "spans"})(ADDRESSES[0])
    assert not spans.ents and {span.label_ for span in spans.spans["2"]} <= {
        "number",
        "road",
        "city",
        "postcode",
        "unit",
    }
    assert not pipeline(models["upos"], annotations={"upos": ""})("The dog").has_annotation("POS")
    bare = pipeline(models["upos"], confidence=False)("The dog")
    assert bare.has_annotation("POS") and bare[0]._.elman_confidence is None and not bare.user_data


@pytest.mark.parametrize(
    ("model", "config", "message"),
    [
        ("upos", {"annotations": {"xpos": "tag"}}, "the model's columns are upos, got 'xpos'"),
        ("upos", {"annotations": {"upos": "shape"}}, "annotations: upos: expected pos, tag, .*, got 'shape'"),
        ("spans", {"annotations": {"2": "pos"}}, "annotations: 2: spaCy's pos_ has no 'B-city'; tag takes any tag"),
        ("texts", {"annotations": {"label": "tag"}}, "annotations: label is a label of documents, which sets doc.cats"),
        ("parse", {"annotations": {"upos": "dep"}}, "annotations: both upos and deprel would set dep; say which"),
        ("upos", {"words": "mine"}, "words: expected auto, doc, model, got 'mine'"),
    ],
)
def test_bad_configurations(models, model, config, message):
    with pytest.raises(ConfigError, match=message):
        pipeline(models[model], **config)


def test_models_that_are_none(models, tmp_path):
    (tmp_path / "no.model").write_text("nothing")
    with pytest.raises(ModelFileError, match=r"no.model"):
        pipeline(str(tmp_path / "no.model"))
    nlp = pipeline(str(tmp_path / "missing.model"))
    with pytest.raises(ModelFileError, match=r"missing.model: no such file"):
        nlp("a text")
    (tmp_path / "text.txt").write_text("a b\n" * 9)
    trained(tmp_path / "lm.model", tmp_path / "text.txt", {"task": "lm"})
    with pytest.raises(ConfigError, match=r"lm.model: a model of the task lm has no tags or labels for a Doc"):
        pipeline(str(tmp_path / "lm.model"))


KINDS = ["pipeline", "parse", "spans", "texts", "several", "both"]


@pytest.mark.parametrize("kind", KINDS)
def test_saved_with_the_model(models, kind, tmp_path):
    model = tmp_path / "moved.model"
    model.write_bytes(Path(models[kind]).read_bytes())
    nlp = pipeline(str(model), sentences=kind == "parse")
    docs = [nlp(text) for text in TEXTS + ADDRESSES]
    nlp.to_disk(tmp_path / "saved")
    data, config = nlp.to_bytes(), nlp.config
    model.unlink()
    assert (tmp_path / "saved" / "elman0").read_bytes() == Path(models[kind]).read_bytes()
    for loaded in (spacy.load(tmp_path / "saved"), spacy.blank("en").from_config(config).from_bytes(data)):
        for doc in docs:
            same(loaded(doc.text), doc)
    copy = pickle.loads(pickle.dumps(nlp.get_pipe("elman0")))
    assert isinstance(copy, ElmanComponent)
    same(copy(nlp.make_doc(TEXTS[0])), pipeline(models[kind])(TEXTS[0]))


@pytest.mark.parametrize("kind", KINDS)
def test_batches_and_processes(models, kind):
    nlp, texts = pipeline(models[kind], sentences=kind == "parse"), (TEXTS + ADDRESSES) * 5
    single = [nlp(text) for text in texts]
    for options in ({}, {"batch_size": 3}, {"n_process": 2, "batch_size": 4}):
        for doc, expected in zip(nlp.pipe(texts, **options), single, strict=True):
            close(doc, expected)


def close(one: Any, other: Any) -> None:
    """The same but for the last digits of probabilities, which depend on what is in a batch."""
    assert_docs_equal(one, other)
    assert one.cats == pytest.approx(other.cats)
    for a, b in zip(one, other, strict=True):
        assert (a.lemma_, str(a.morph)) == (b.lemma_, str(b.morph))
        assert a._.elman_confidences == pytest.approx(b._.elman_confidences)


def test_errors_of_a_batch_can_be_handled(models):
    nlp = pipeline(models["upos"])
    component = nlp.get_pipe("elman0")
    with pytest.raises(DataError):
        list(component.pipe([broken(nlp)]))
    failed = []
    component.set_error_handler(lambda name, proc, docs, error: failed.append((name, len(docs))))
    assert len(list(component.pipe([broken(nlp), nlp.make_doc("a dog")], batch_size=1))) == 1
    assert failed == [("elman0", 1)]


class Broken(list):  # type: ignore[type-arg]
    """A Doc that cannot be read."""

    def has_annotation(self, name: str) -> bool:
        raise DataError("broken")


def broken(nlp: Any) -> Any:
    return Broken()


def examples(nlp: Any, **columns: list[str]) -> Iterator[Any]:
    words = ["The", "dog", "sleeps", "."]
    yield Example(nlp(Doc(nlp.vocab, words=words)), Doc(nlp.vocab, words=words, **columns))


def test_scores(models):
    nlp = pipeline(models["upos"])
    tags = [t.pos_ for t in nlp("The dog sleeps .")]
    assert nlp.get_pipe("elman0").score(examples(nlp, pos=tags))["pos_acc"] == 1
    assert nlp.evaluate([Example(nlp.make_doc("a dog"), Doc(nlp.vocab, ["a", "dog"], pos=["X", "X"]))])["pos_acc"] == 0
    parser = pipeline(models["parse"])
    doc = parser("The dog sleeps .")
    gold = {"heads": [t.head.i for t in doc], "deps": [t.dep_ for t in doc]}
    assert parser.get_pipe("elman0").score(examples(parser, **gold))["dep_las"] == 1
    spans = pipeline(models["spans"])
    assert spans.get_pipe("elman0").score(examples(spans, ents=["O"] * 4)).keys() >= {"ents_f", "ents_per_type"}
    texts = pipeline(models["texts"])
    assert "cats_score" in texts.get_pipe("elman0").score(examples(texts))


def test_labels(models):
    assert set(pipeline(models["upos"]).pipe_labels["elman0"]) == set(elman.load(models["upos"]).tags)
    assert "det" in pipeline(models["parse"]).pipe_labels["elman0"]

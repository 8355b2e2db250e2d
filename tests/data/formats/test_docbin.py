"""Files of spaCy: what a Doc holds, and what is kept beside it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from elman.data.convert import ConversionRequest, convert
from elman.data.formats import open_writer, read_sentences
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError

spacy = pytest.importorskip("spacy", reason="spacy is not installed: make test-integrations has it")
from spacy.tests.util import assert_docs_equal  # noqa: E402
from spacy.tokens import Doc, DocBin, Span  # noqa: E402

CONLLU = """\
# text = Dogs' toys
1-2\tDogs'\t_\t_\t_\t_\t_\t_\t_\t_
1\tDogs\tdog\tNOUN\tNNS\tNumber=Plur\t3\tnmod\t3:nmod\t_
2\t'\t's\tPART\tPOS\t_\t1\tcase\t1:case\t_
3\ttoys\ttoy\tNOUN\tNNS\tNumber=Plur\t0\troot\t0:root\tGloss=x

1\tSee\tsee\tVERB\tVB\tMood=Imp|VerbForm=Fin\t0\troot\t0:root\tSpaceAfter=No
2\t!\t!\tPUNCT\t.\t_\t1\tpunct\t1:punct\t_

"""


def packed(path, docs, **options):
    DocBin(docs=docs, store_user_data=True, **options).to_disk(path)
    return str(path)


def docs_in(path):
    return list(DocBin().from_disk(path).get_docs(spacy.blank("en").vocab))


def words_of(path, **options):
    return [s for s in read_sentences(str(path), **options) if s.words]


def test_columns_of_conllu_and_back(tmp_path):
    (tmp_path / "a.conllu").write_text(CONLLU)
    drop = frozenset({"comments", "multiword"})
    convert([str(tmp_path / "a.conllu")], str(tmp_path / "a.spacy"), ConversionRequest("spacy", drop=drop))
    first, second = docs_in(tmp_path / "a.spacy")
    assert first.text == "Dogs' toys " and second.text == "See! "
    assert [t.tag_ for t in first] == ["NNS", "POS", "NNS"] and [t.pos_ for t in second] == ["VERB", "PUNCT"]
    assert [t.lemma_ for t in first] == ["dog", "'s", "toy"] and str(second[0].morph) == "Mood=Imp|VerbForm=Fin"
    assert [t.head.i for t in first] == [2, 0, 2] and [t.dep_ for t in first] == ["nmod", "case", "root"]
    convert([str(tmp_path / "a.spacy")], str(tmp_path / "b.conllu"), ConversionRequest("conllu"))
    plain = [line for line in CONLLU.splitlines(True) if line[0] != "#" and not line.startswith("1-2")]
    assert (tmp_path / "b.conllu").read_text() == "".join(plain)
    convert([str(tmp_path / "a.spacy")], str(tmp_path / "c.spacy"), ConversionRequest("spacy"))
    assert (tmp_path / "c.spacy").read_bytes() == (tmp_path / "a.spacy").read_bytes()


@pytest.mark.parametrize("scheme", ["B-LOC I-LOC O O", "B-LOC E-LOC O O", "B-LOC L-LOC O O", "I-LOC I-LOC O O"])
def test_spans_are_entities_and_their_scheme_is_kept(tmp_path, scheme):
    tags = tuple(scheme.split())
    writer = open_writer("spacy", ("2",))
    writer.add(Sentence(("New", "York", "is", "big")), {"2": tags})
    (tmp_path / "a.spacy").write_bytes(writer.finish())
    (doc,) = docs_in(tmp_path / "a.spacy")
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("New York", "LOC")]
    (sentence,) = words_of(tmp_path / "a.spacy")
    assert sentence.columns["ner"] == ("B-LOC", "I-LOC", "O", "O") and tags in sentence.columns.values()


def test_labels_are_categories_of_all_docs(tmp_path):
    writer = open_writer("spacy", (), ("stars",))
    for label in ("good", "bad|long"):
        writer.add(Sentence(("a", "film"), labels={"stars": label}), {})
    (tmp_path / "a.spacy").write_bytes(writer.finish())
    assert [doc.cats for doc in docs_in(tmp_path / "a.spacy")] == [
        {"good": 1.0, "bad": 0.0, "long": 0.0},
        {"bad": 1.0, "long": 1.0, "good": 0.0},
    ]
    assert [s.labels for s in words_of(tmp_path / "a.spacy")] == [{"label": "good"}, {"label": "bad|long"}]
    with pytest.raises(DataError, match="the label 'a|a' is empty or twice"):
        open_writer("spacy").add(Sentence(("a",), labels={"stars": "a|a"}), {})


def test_sentences_stay_in_their_doc(tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    doc = nlp("It rains.  We stay in\nNew York. So what")
    doc.ents = [Span(doc, 8, 10, "GPE")]
    doc.spans["sc"] = [Span(doc, 0, 2, "X")]
    doc.user_data["mine"] = 1
    path = packed(tmp_path / "a.spacy", [doc, nlp("Yes.")])
    sentences = words_of(path, labelled=False)
    assert [s.words[0] for s in sentences] == ["It", "We", "So", "Yes"] and "\n" not in sentences[1].words
    assert [s.line for s in sentences] == [1, 1, 1, 2]
    assert sentences[1].columns["ner"] == ("O", "O", "O", "B-GPE", "I-GPE", "O")
    writer = open_writer("spacy", ("xpos",))
    for s in sentences:
        writer.add(s, {"xpos": tuple(word.upper() for word in s.words), "ner": ("B-X", *["O"] * (len(s) - 1))})
    (tmp_path / "b.spacy").write_bytes(writer.finish())
    tagged, _ = docs_in(tmp_path / "b.spacy")
    assert tagged.text == doc.text and [t.is_sent_start for t in tagged] == [t.is_sent_start for t in doc]
    assert [t.tag_ for t in tagged if not t.is_space] == [t.text.upper() for t in doc if not t.is_space]
    assert [ent.text for ent in tagged.ents] == ["It", "We", "So"]
    assert tagged.spans["sc"][0].text == "It rains" and tagged.user_data["mine"] == 1


def test_what_a_doc_cannot_hold_is_kept_beside_it_until_it_is_replaced(tmp_path):
    writer = open_writer("spacy", ("upos", "chunk", "head"))
    columns = {"ner": ("B-X", "O"), "chunk": ("B-NP", "B-VP"), "head": ("2", "1")}
    writer.add(Sentence(("a", "b")), columns)
    (tmp_path / "a.spacy").write_bytes(writer.finish())
    (sentence,) = words_of(tmp_path / "a.spacy", labelled=False)
    assert {name: sentence.columns[name] for name in columns} == columns
    again = open_writer("spacy", ("head",))
    again.add(sentence, {"head": ("0", "1")})
    (tmp_path / "b.spacy").write_bytes(again.finish())
    (second,) = words_of(tmp_path / "b.spacy", labelled=False)
    assert second.columns["head"] == ("0", "1") and second.columns["chunk"] == columns["chunk"]


def test_a_doc_of_spacy_is_unchanged(tmp_path):
    vocab = spacy.blank("en").vocab
    doc = Doc(
        vocab, ["a", "b", "c"], heads=[1, 1, 1], deps=["x", "ROOT", "y"], tags=["A", "B", "C"], ents=["B-E", "O", "O"]
    )
    path = packed(tmp_path / "a.spacy", [doc])
    convert([path], str(tmp_path / "b.spacy"), ConversionRequest("spacy", scheme="bioes"))
    assert_docs_equal(docs_in(tmp_path / "b.spacy")[0], doc)


def test_names_of_columns(tmp_path):
    path = packed(tmp_path / "a.spacy", [Doc(spacy.blank("en").vocab, ["a"], tags=["X"], ents=["B-E"])])
    reading = read_sentences(path)
    assert (reading.format, reading.why, reading.target()) == ("spacy", "its first bytes", "xpos")
    assert [reading.target(name) for name in ("tag", "xpos", "ents", "ner")] == ["xpos", "xpos", "ner", "ner"]
    with pytest.raises(ConfigError, match=r"a.spacy: no column 'pos'; there is: xpos, ner"):
        reading.target("pos")
    bare = packed(tmp_path / "b.spacy", [Doc(spacy.blank("en").vocab, ["a"])])
    with pytest.raises(ConfigError, match=r"b.spacy: no column upos, xpos or ner; there is: none"):
        read_sentences(bare).target()


@pytest.mark.parametrize("data", [b"x\x9c", b"x\x9cabcdef", b"nothing of this kind", b""])
def test_no_file_of_spacy(tmp_path, data):
    (tmp_path / "a.spacy").write_bytes(data)
    with pytest.raises(
        DataError, match=r"a.spacy: expected a file of spaCy .DocBin., found a damaged or another one: \w+$"
    ):
        list(read_sentences(str(tmp_path / "a.spacy"), format="spacy"))


def test_white_space_is_no_word():
    with pytest.raises(DataError, match=r"f:3: the word '.u3000' is white space, which spacy cannot hold"):
        open_writer("spacy").add(replace(Sentence(("a", "\u3000")), path="f", line=3), {})

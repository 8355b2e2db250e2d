"""The HTML page of ``elman errors``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from elman.viz.html import document, text

if TYPE_CHECKING:
    from elman.analysis.errors import ErrorAnalysis, TaggedWord, WrongSentence


def page(analysis: ErrorAnalysis, model: str, gold: str) -> str:
    """Return the page; ``model`` and ``gold`` are file names without folders."""
    title = f"Errors of {model} on {gold}"
    parts = [
        f"<p>Label column <code>{text(analysis.column)}</code>. Everything listed here differs from the "
        "gold tags; the most important comes first.</p>",
        *_summary(analysis),
        *_sentences(analysis),
        *_confusions(analysis),
        *_unknown(analysis),
    ]
    return document(title, parts)


def _summary(analysis: ErrorAnalysis) -> Iterator[str]:
    known, known_correct = analysis.tokens - analysis.unknown_tokens, analysis.correct - analysis.unknown_correct
    facts = [
        ("texts" if analysis.of_texts else "words", f"{analysis.tokens:,}"),
        ("wrong", f"{analysis.errors:,}"),
        ("accuracy", _percent(analysis.correct, analysis.tokens)),
    ]
    facts += [
        (f"{known:,} known words", _percent(known_correct, known)),
        (f"{analysis.unknown_tokens:,} unknown words", _percent(analysis.unknown_correct, analysis.unknown_tokens)),
    ] * (not analysis.of_texts)
    yield "<dl>"
    yield from (f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)
    yield "</dl>"
    if analysis.errors:
        yield '<nav><a href="#sure">Sure, but wrong</a><a href="#confusions">Frequent confusions</a>'
        yield ('<a href="#unknown">Unknown words</a>' if analysis.unknown else "") + "</nav>"


def _sentences(analysis: ErrorAnalysis) -> Iterator[str]:
    if not analysis.sentences:
        return
    yield '<h2 id="sure">Sure, but wrong</h2>'
    unit = "text" if analysis.of_texts else "word"
    yield f"<p>Each kind of error once: a {unit} with its gold and its predicted tag, outlined in the sentence where"
    yield "the model is surest of it. The surest come first; often it is the annotation that is wrong."
    yield '<span class="gold">Green</span> is the gold tag, <span class="predicted">red</span> the predicted one, with'
    yield "its probability.</p>"
    for sentence in analysis.sentences:
        yield from _sentence(sentence)


def _sentence(sentence: WrongSentence) -> Iterator[str]:
    times = f"<b>{sentence.count:,} times</b> · " if sentence.count > 1 else ""
    wrong = "" if sentence.whole else f" · {sentence.errors} wrong of {len(sentence.words)} words"
    yield f"<article><header>{times}{text(sentence.where or 'sentence made in Python')}{wrong}</header>"
    words = [
        text(word.word) if word.correct else _mark(word, i == sentence.at) for i, word in enumerate(sentence.words)
    ]
    yield f'<div class="words" dir="auto">{" ".join(words)}</div></article>'


def _mark(word: TaggedWord, first: bool) -> str:
    tags = f'<span class="gold">{text(word.gold)}</span> → <span class="predicted">{text(word.predicted)}</span>'
    note = f"{100 * word.confidence:.1f} %{'' if word.known else ' · unknown word'}"
    begin = '<mark class="first">' if first else "<mark>"
    return f'{begin}<bdi>{text(word.word)}</bdi><small dir="ltr">{tags} {note}</small></mark>'


def _confusions(analysis: ErrorAnalysis) -> Iterator[str]:
    if not analysis.confusions:
        return
    unit = "texts" if analysis.of_texts else "words"
    yield '<h2 id="confusions">Frequent confusions</h2>'
    yield f"<p>Of {analysis.errors:,} errors; the {unit} listed are the most frequent.</p>"
    yield '<div class="box"><table><tr><th>gold tag</th><th>predicted tag</th><th class="n">' + f"{unit}</th><th></th>"
    yield '<th class="n">of errors</th><th>most often</th></tr>'
    most = analysis.confusions[0].count
    for confusion in analysis.confusions:
        words = ", ".join(
            f"<bdi>{text(word)}</bdi>" + (f" ({count:,})" if count > 1 else "") for word, count in confusion.words
        )
        yield (
            f'<tr><td class="gold">{text(confusion.gold)}</td><td class="predicted">{text(confusion.predicted)}</td>'
            f'<td class="n">{confusion.count:,}</td>'
            f'<td class="bar"><span style="width:{100 * confusion.count / most:.0f}%"></span></td>'
            f'<td class="n">{_percent(confusion.count, analysis.errors)}</td><td>{words}</td></tr>'
        )
    yield "</table></div>"


def _unknown(analysis: ErrorAnalysis) -> Iterator[str]:
    if not analysis.unknown:
        return
    yield '<h2 id="unknown">Unknown words</h2>'
    yield "<p>Words that do not occur in the training data, those with most errors first.</p>"
    yield '<div class="box"><table><tr><th>word</th><th class="n">wrong</th><th class="n">of</th>'
    yield "<th>gold tag</th><th>predicted tag</th></tr>"
    for word in analysis.unknown:
        yield (
            f"<tr><td><bdi>{text(word.word)}</bdi></td>"
            f'<td class="n">{word.wrong:,}</td><td class="n">{word.count:,}</td>'
            f'<td class="gold">{text(word.gold)}</td><td class="predicted">{text(word.predicted)}</td></tr>'
        )
    yield "</table></div>"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f} %" if whole else "–"

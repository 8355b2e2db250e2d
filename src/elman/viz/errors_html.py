"""The HTML page of ``elman errors``: one file without scripts, fonts or pictures from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from elman.viz.html import document, text

if TYPE_CHECKING:
    from elman.analysis.errors import ErrorAnalysis, Word, WrongSentence


def page(found: ErrorAnalysis, model: str, gold: str) -> str:
    """The page; ``model`` and ``gold`` are the files' names, without folders."""
    title = f"Errors of {model} on {gold}"
    parts = [
        f"<p>Label column <code>{text(found.column)}</code>. Everything that is listed here is wrong by the "
        "tags in the file; what comes first is worth looking at first.</p>",
        *_summary(found),
        *_sentences(found),
        *_confusions(found),
        *_unknown(found),
    ]
    return document(title, parts)


def _summary(found: ErrorAnalysis) -> Iterator[str]:
    known, known_correct = found.tokens - found.unknown_tokens, found.correct - found.unknown_correct
    facts = [
        ("texts" if found.of_texts else "words", f"{found.tokens:,}"),
        ("wrong", f"{found.errors:,}"),
        ("accuracy", _percent(found.correct, found.tokens)),
    ]
    facts += [
        (f"{known:,} known words", _percent(known_correct, known)),
        (f"{found.unknown_tokens:,} unknown words", _percent(found.unknown_correct, found.unknown_tokens)),
    ] * (not found.of_texts)
    yield "<dl>"
    yield from (f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)
    yield "</dl>"
    if found.errors:
        yield '<nav><a href="#sure">Sure, but wrong</a><a href="#confusions">Frequent confusions</a>'
        yield ('<a href="#unknown">Unknown words</a>' if found.unknown else "") + "</nav>"


def _sentences(found: ErrorAnalysis) -> Iterator[str]:
    if not found.sentences:
        return
    yield '<h2 id="sure">Sure, but wrong</h2>'
    yield "<p>Sentences in the order of the confidence of their surest wrong tag, which is outlined. Often it is the"
    yield 'annotation that errs. <span class="gold">Green</span> is the tag in the file,'
    yield '<span class="given">red</span> the one given, with its probability.</p>'
    for sentence in found.sentences:
        yield from _sentence(sentence)


def _sentence(sentence: WrongSentence) -> Iterator[str]:
    surest = sentence.surest
    where = f"{sentence.path}:{surest.line}" if sentence.path else "sentence made in Python"
    wrong = f"{sentence.errors} wrong" if sentence.errors > 1 else "1 wrong"
    wrong = "" if sentence.whole else f" · {wrong} of {len(sentence.words)} words"
    yield f"<article><header>{text(where)}{wrong}</header>"
    words = [text(word.word) if word.right else _mark(word, word is surest) for word in sentence.words]
    yield f'<div class="words" dir="auto">{" ".join(words)}</div></article>'


def _mark(word: Word, first: bool) -> str:
    tags = f'<span class="gold">{text(word.gold)}</span> → <span class="given">{text(word.predicted)}</span>'
    note = f"{100 * word.confidence:.1f} %{'' if word.known else ' · unknown word'}"
    begin = '<mark class="first">' if first else "<mark>"
    return f'{begin}<bdi>{text(word.word)}</bdi><small dir="ltr">{tags} {note}</small></mark>'


def _confusions(found: ErrorAnalysis) -> Iterator[str]:
    if not found.confusions:
        return
    unit = "texts" if found.of_texts else "words"
    yield '<h2 id="confusions">Frequent confusions</h2>'
    yield f"<p>Of {found.errors:,} errors; the {unit} are those it happens to most often.</p>"
    yield '<div class="box"><table><tr><th>right tag</th><th>tag given</th><th class="n">' + f"{unit}</th><th></th>"
    yield '<th class="n">of errors</th><th>most often</th></tr>'
    most = found.confusions[0].count
    for one in found.confusions:
        words = ", ".join(
            f"<bdi>{text(word)}</bdi>" + (f" ({count:,})" if count > 1 else "") for word, count in one.words
        )
        yield (
            f'<tr><td class="gold">{text(one.gold)}</td><td class="given">{text(one.predicted)}</td>'
            f'<td class="n">{one.count:,}</td><td class="bar"><span style="width:{100 * one.count / most:.0f}%"></span>'
            f'</td><td class="n">{_percent(one.count, found.errors)}</td><td>{words}</td></tr>'
        )
    yield "</table></div>"


def _unknown(found: ErrorAnalysis) -> Iterator[str]:
    if not found.unknown:
        return
    yield '<h2 id="unknown">Unknown words</h2>'
    yield "<p>Words that do not stand in the training data, those with most errors first.</p>"
    yield '<div class="box"><table><tr><th>word</th><th class="n">wrong</th><th class="n">of</th>'
    yield "<th>right tag</th><th>tag given</th></tr>"
    for one in found.unknown:
        yield (
            f'<tr><td><bdi>{text(one.word)}</bdi></td><td class="n">{one.wrong:,}</td><td class="n">{one.count:,}</td>'
            f'<td class="gold">{text(one.gold)}</td><td class="given">{text(one.predicted)}</td></tr>'
        )
    yield "</table></div>"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f} %" if whole else "–"

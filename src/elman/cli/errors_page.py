"""The HTML page of ``elman errors``: one file without scripts, fonts or pictures from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from elman.error_analysis import ErrorAnalysis, Word, WrongSentence

STYLE = """
:root { color-scheme: light dark; --ink: #1c2733; --soft: #5d6b78; --line: #dde3e8; --paper: #fff; --back: #f4f6f8;
  --bad: #b3261e; --bad-back: #fdecea; --good: #1b6e3c; --bar: #c5d9ee; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ee; --soft: #9aa7b3; --line: #34404b; --paper: #1b222a;
  --back: #12171d; --bad: #ff9d94; --bad-back: #45211e; --good: #7fd6a0; --bar: #2c4a68; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .25rem; }
p { margin: .25rem 0 .75rem; color: var(--soft); }
nav a { margin-right: 1rem; color: inherit; }
dl { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1rem 0; }
dl div { background: var(--paper); border: 1px solid var(--line); border-radius: .5rem; padding: .5rem 1rem; }
dt { color: var(--soft); font-size: .85rem; }
dd { margin: 0; font-size: 1.35rem; font-weight: 600; }
.box { background: var(--paper); border: 1px solid var(--line); border-radius: .5rem; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .35rem .75rem; border-top: 1px solid var(--line); vertical-align: top; }
tr:first-child th { border-top: 0; }
th { color: var(--soft); font-size: .85rem; font-weight: 600; white-space: nowrap; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.bar { min-width: 8rem; }
.bar span { display: block; height: .8rem; margin-top: .35rem; border-radius: .2rem; background: var(--bar); }
code { font: .9em ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; }
.gold { color: var(--good); font-weight: 600; }
.given { color: var(--bad); font-weight: 600; }
article { background: var(--paper); border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .9rem;
  margin: .6rem 0; }
article header { color: var(--soft); font-size: .85rem; overflow-wrap: anywhere; }
.words { line-height: 2.1; overflow-wrap: anywhere; }
mark { background: var(--bad-back); color: inherit; border-radius: .25rem; padding: .1rem .3rem; margin: 0 .15rem; }
mark small { font-size: .75rem; margin-inline-start: .3rem; white-space: nowrap; }
mark.first { outline: 2px solid var(--bad); }
""".strip()


def page(found: ErrorAnalysis, model: str, gold: str) -> str:
    """The page; ``model`` and ``gold`` are the files' names, without folders."""
    title = f"Errors of {model} on {gold}"
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{_text(title)}</title>",
            f"<style>\n{STYLE}\n</style>",
            "</head>",
            "<body>",
            "<main>",
            f"<h1>{_text(title)}</h1>",
            f"<p>Label column <code>{_text(found.column)}</code>. Everything that is listed here is wrong by the "
            "tags in the file; what comes first is worth looking at first.</p>",
            *_summary(found),
            *_sentences(found),
            *_confusions(found),
            *_unknown(found),
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


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
    yield f"<article><header>{_text(where)}{wrong}</header>"
    words = [_text(word.word) if word.right else _mark(word, word is surest) for word in sentence.words]
    yield f'<div class="words" dir="auto">{" ".join(words)}</div></article>'


def _mark(word: Word, first: bool) -> str:
    tags = f'<span class="gold">{_text(word.gold)}</span> → <span class="given">{_text(word.predicted)}</span>'
    note = f"{100 * word.confidence:.1f} %{'' if word.known else ' · unknown word'}"
    begin = '<mark class="first">' if first else "<mark>"
    return f'{begin}<bdi>{_text(word.word)}</bdi><small dir="ltr">{tags} {note}</small></mark>'


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
            f"<bdi>{_text(word)}</bdi>" + (f" ({count:,})" if count > 1 else "") for word, count in one.words
        )
        yield (
            f'<tr><td class="gold">{_text(one.gold)}</td><td class="given">{_text(one.predicted)}</td>'
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
            f'<tr><td><bdi>{_text(one.word)}</bdi></td><td class="n">{one.wrong:,}</td><td class="n">{one.count:,}</td>'
            f'<td class="gold">{_text(one.gold)}</td><td class="given">{_text(one.predicted)}</td></tr>'
        )
    yield "</table></div>"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f} %" if whole else "–"


def _text(text: str) -> str:
    """Text as HTML shows it: nothing in it is markup, and no character is one that HTML forbids."""
    plain = "".join(
        c if c.isprintable() or c in "\u200c\u200d\u3000\u00a0" else "\N{REPLACEMENT CHARACTER}" for c in text
    )
    return escape(plain)

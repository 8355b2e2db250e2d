"""``elman gradients``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from elman.cli.options import (
    Notes,
    check_not_an_input,
    encoding_option,
    format_option,
    html_option,
    layer_option,
    plot_option,
    target_option,
    text_column_option,
    write_page,
)
from elman.cli.say import say, say_json
from elman.errors import ConfigError
from elman.utils import limits
from elman.utils.display import visible

if TYPE_CHECKING:
    from elman.analysis.gradients import Attribution
    from elman.analysis.lag_curves import GradientReport, LagCurve
    from elman.taggers.base import Predictor

FEW = 3  # words that are named beside each tag of a sentence
BAR = 20


@dataclass(frozen=True)
class _Options:
    words: str | None
    sentence: int | None
    at: int | None
    layer: int
    lags: int
    positions: int
    tags: str | None
    plot: str | None
    html: str | None
    as_json: bool
    format: str | None
    target: str | None
    encoding: str
    text_column: str | None


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="MODEL... FILE")
@click.option("--words", metavar="TEXT", help="Show which words decided the tags of this sentence; no FILE then.")
@click.option("--sentence", type=click.IntRange(1, limits.PLACE), metavar="N", help="The same of sentence N of FILE.")
@click.option(
    "--at", type=click.IntRange(1, limits.PLACE), metavar="N", help="The tag of word N alone, with all words."
)
@layer_option
@click.option(
    "--lags", type=click.IntRange(1, limits.LAGS), default=20, show_default=True, metavar="K", help="Up to which lag."
)
@click.option(
    "--positions",
    type=click.IntRange(1, limits.POSITIONS),
    default=1_000,
    show_default=True,
    metavar="N",
    help="Words of FILE to take, from its beginning; of one sentence at most 100.",
)
@click.option("--tags", metavar="TAG,…", help="Only words whose tag in FILE is one of these.")
@plot_option("the norms over the lag, on a log scale")
@html_option("With --words or --sentence: write a page with all words of all tags.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@format_option("FILE")
@target_option
@text_column_option
@encoding_option
def gradients(paths: tuple[str, ...], **given: Any) -> None:
    """Show how far back a network learns, or which words decided a tag.

    FILE is labelled text, or what else the model learns from. What is shown is the norm of the gradient of the loss at
    a word by the state k words before it, the geometric mean over the words, for each lag k: where it vanishes nothing
    is learned from so far back. Of the backward direction it is the state k words behind. Several models stand side by
    side. LSTM and SRU have memory cells (c) beside or in place of such states (h).

    With --words or --sentence: input times gradient of each word, for the tag given against the second best. Of an
    ensemble both are of the first network.

    \b
      elman gradients my.model test.conllu --plot lag.png
      elman gradients elman.model lstm.model gru.model test.conllu --plot lag.png
      elman gradients my.model --words 'the dog barks' --at 3
      elman gradients my.model test.conllu --sentence 5 --html why.html
    """
    options = _Options(**given)
    why = options.words is not None or options.sentence is not None
    models, file = _told_apart(paths, options)
    _check(options, paths, why)
    notes = Notes()
    if why:
        _show_why(models[0], file, options, notes)
    else:
        assert file is not None
        _show_lags(models, file, options, notes)
    notes.show()


def _told_apart(paths: Sequence[str], options: _Options) -> tuple[Sequence[str], str | None]:
    """The models, and the file, which comes last; with --words there is none."""
    from elman.cli.gold import is_model
    from elman.utils.files import is_pipe

    if options.words is not None:
        if len(paths) > 1:
            raise ConfigError(f"--words: expected one MODEL and no FILE with it, got {' '.join(paths)}")
        return paths, None
    if len(paths) == 1 or is_model(paths[-1]):
        raise ConfigError(f"expected MODEL... FILE, labelled text last, got {' '.join(paths)}")
    if len(paths) > 2 and is_pipe(paths[-1]):
        raise ConfigError(f"{paths[-1]}: each of several models reads it, and it can be read once; name a file")
    if options.sentence is not None and len(paths) > 2:
        raise ConfigError(f"--sentence: expected one MODEL with it, got {len(paths) - 1}")
    return paths[:-1], paths[-1]


def _check(options: _Options, paths: Sequence[str], why: bool) -> None:
    """Raise ConfigError or OutputError for options that do not go together, and outputs that cannot be written."""
    from elman.utils.files import check_target

    if options.words is not None and options.sentence is not None:
        raise ConfigError("--words: names a sentence, and so does --sentence; leave out one of them")
    if not why and (options.at is not None or options.html is not None):
        raise ConfigError("--at, --html: they are for the words of --words TEXT or --sentence N")
    if options.plot is not None:
        if why:
            raise ConfigError("--plot: it draws gradients over the lag; --html shows which words decided")
        from elman.viz import plots

        plots.check(options.plot)
    if options.html is not None:
        check_target(options.html)
    for output in (options.plot, options.html):
        check_not_an_input(output, paths)


def _column(tagger: Predictor, target: str | None) -> tuple[int, str]:
    """Which label column of the networks is meant, by default the first, and its name."""
    names = tagger.columns
    if target is not None and len(names) > 1 and target not in names:
        raise ConfigError(f"--target: the model's label columns are {', '.join(names)}, got {target}")
    at = names.index(target) if target in names else 0
    return at, names[at]


def _show_lags(models: Sequence[str], file: str, options: _Options, notes: Notes) -> None:
    from elman.analysis.gradients import GradientOptions, measure_lags
    from elman.cli.gold import How
    from elman.cli.model_inputs import lessons
    from elman.taggers.load import load

    found: list[tuple[str, GradientReport]] = []
    for model in models:
        tagger = load(model, on_note=notes.add)
        networks = tagger.ensemble
        at, name = _column(tagger, options.target)
        tags = tuple(options.tags.split(",")) if options.tags else ()
        which = GradientOptions(options.layer, options.lags, options.positions, at, tags)
        target = name if len(tagger.targets) > 1 else options.target
        how = How(options.format, target, options.encoding, options.text_column)
        measured = measure_lags(networks, lessons(tagger, name, file, how, Notes() if found else notes), which)
        found.append((os.path.basename(model), measured))
        _note(model, measured, notes)
    if options.as_json:
        rows = [{"model": model, **one.to_json()} for model, (_, one) in zip(models, found, strict=True)]
        say_json({"file": file, "models": rows})
    else:
        say(table(found))
    if options.plot is not None:
        from elman.viz import plots, state_plots

        plots.save(state_plots.lags(found, os.path.basename(file)), options.plot)


def _note(model: str, measured: GradientReport, notes: Notes) -> None:
    if measured.networks > 1:
        notes.add(f"{model}: the first of {measured.networks} networks")
    if measured.unknown:
        notes.add(f"{model}: {measured.unknown:,} sentences have a tag that it does not know, and are left out")


def table(found: Sequence[tuple[str, GradientReport]]) -> str:
    """A line for each lag, a column for each curve; a table for each direction."""
    from rich.cells import cell_len

    from elman.cli.reports.scores import bold, cell

    directions = dict.fromkeys(curve.direction for _, one in found for curve in one.curves)
    blocks = []
    for direction in directions:
        curves = [
            (name.removesuffix(".model"), curve)
            for name, one in found
            for curve in one.curves
            if curve.direction == direction
        ]
        width = max(10, min(24, 70 // len(curves)))
        first = found[0][1]

        def of(name: str, curve: LagCurve, width: int = width) -> str:
            return cell(f"{cell(name, min(width - 5, cell_len(name))).rstrip()} {curve.state}", width - 2)

        where = "before" if direction == "forward" else "behind"
        head = (
            f"gradient of the loss at a word by the state k words {where} it: geometric mean\n"
            f"of its norm over {first.positions:,} words (sentences: {first.sentences:,}); "
            f"layer {first.layer}, read {direction}"
        )
        lines = [head, "", bold(f"{'lag k':>5}" + "".join(f"  {of(name, curve)}" for name, curve in curves))]
        for k in range(max(len(curve.norms) for _, curve in curves)):
            norms = (f"{curve.norms[k]:.2e}" if k < len(curve.norms) else "" for _, curve in curves)
            lines.append(f"{k:>5}" + "".join(f"  {norm:<{width - 2}}" for norm in norms))
        steps = (f"× {curve.step:.3f}" if curve.step is not None else "–" for _, curve in curves)
        lines.append(f"{'step':>5}" + "".join(f"  {step:<{width - 2}}" for step in steps))
        blocks.append("\n".join(line.rstrip() for line in lines))
    return "\n\n".join(blocks)


def _show_why(model: str, file: str | None, options: _Options, notes: Notes) -> None:
    from elman.analysis.gradients import attributions
    from elman.cli.gold import How
    from elman.cli.model_inputs import nth, of_text
    from elman.taggers.load import load

    tagger = load(model, on_note=notes.add)
    networks = tagger.ensemble
    if options.words is not None:
        words = of_text(tagger, options.words)
    else:
        assert file is not None and options.sentence is not None
        how = How(options.format, None, options.encoding, options.text_column)
        words = nth(tagger, file, options.sentence, how, notes)
    at, _ = _column(tagger, options.target)
    asked = () if options.at is None else (options.at,)
    found = [_shown(tagger, one) for one in attributions(networks, words, asked, at)]
    if options.as_json:
        say_json({"model": model, "words": [one.to_json() for one in found]})
    elif options.at is not None or len(found) == 1:
        say(one_tag(found[0]))
    else:
        say(all_tags(found))
    if options.html is not None:
        from elman.viz.attribution_html import page

        write_page(options.html, page(found, os.path.basename(model)))


def _shown(tagger: Predictor, one: Attribution) -> Attribution:
    """The same with words and tags as they are shown; of a number, what it is in the column."""
    from elman.cli.model_inputs import shown

    model: Any = tagger
    tag, against = one.tag, one.against
    if tagger.task == "regress":
        tag = model.said(one.margin)
    elif tagger.task == "lm":
        tag, against = shown(tagger, [tag, against])
    return replace(one, words=tuple(shown(tagger, one.words)), tag=tag, against=against)


def one_tag(one: Attribution) -> str:
    """The words of a sentence, and how much each says for a tag."""
    from elman.cli.reports.scores import bold, cell

    lines = [heading(one), "", bold(f"{'word':>5}  {'':<24}{'x · gradient':>13}{'share':>9}")]
    for number, (word, part, share) in enumerate(zip(one.words, one.parts, one.shares, strict=True), start=1):
        bar = ("+" if part > 0 else "-") * round(BAR * abs(share))
        lines.append(f"{number:>5}  {cell(word, 24)}{part:>+13.3f}{100 * share:>+7.0f} %  {bar}".rstrip())
    return "\n".join(lines)


def heading(one: Attribution) -> str:
    """Whose tag it is, and by how much it won."""
    against = f", {one.margin:.2f} above {one.against}" if one.against else f", {one.margin:.2f}"
    return visible(f"word {one.at}, {one.words[one.at - 1]}: {one.tag}{against}")


def all_tags(found: Sequence[Attribution]) -> str:
    """The words of a sentence with their tags, and what says most for each."""
    from elman.cli.reports.scores import bold, cell

    lines = [bold(f"{'':>5}  {'word':<18}{'tag':<12}{'margin':>7}  decided by")]
    for one in found:
        most, shares = sorted(range(len(one.parts)), key=lambda i: -abs(one.parts[i]))[:FEW], one.shares
        by = ", ".join(f"{cell(one.words[i], 14).rstrip()} {100 * shares[i]:+.0f} %" for i in most)
        row = f"{one.at:>5}  {cell(one.words[one.at - 1], 16)}  {cell(one.tag, 10)}  {one.margin:>7.2f}  {by}"
        lines.append(row)
    return "\n".join(lines)

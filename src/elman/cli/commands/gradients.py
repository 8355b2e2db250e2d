"""``elman gradients``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from elman.cli.loading import check_order, is_model, load_model
from elman.cli.model_inputs import examples, nth
from elman.cli.notes import Notes
from elman.cli.options import (
    LabelledOptions,
    RunOptions,
    argument,
    command,
    html_option,
    json_option,
    layer_option,
    option,
    plot_option,
    text_column_option,
    whole_number,
)
from elman.cli.outputs import check_outputs, write_page
from elman.cli.say import say, say_json
from elman.cli.tables import bold, cell, labels, width as width_of
from elman.errors import ConfigError
from elman.utils import limits
from elman.utils.display import visible
from elman.utils.suggest import did_you_mean

if TYPE_CHECKING:
    from elman.analysis.gradients import Attribution
    from elman.analysis.lag_curves import GradientReport
    from elman.taggers.base import Predictor

FEW = 3  # words that are named beside each tag of a sentence
BAR = 20


@dataclass(frozen=True, kw_only=True)
class Options(LabelledOptions, RunOptions):
    """The options of ``elman gradients``."""

    paths: tuple[str, ...] = argument("MODEL... FILE", nargs=-1, required=True)
    text: str | None = option(
        "--text",
        metavar="TEXT",
        help="Show which words decided the tags of this sentence; without a FILE. For a model that reads features of "
        """words, in JSON: '[{"word": "dog", "pos": "NN"}]'.""",
    )
    sentence: int | None = option(
        "--sentence", **whole_number(1, limits.PLACE), help="Number of a sentence of FILE, to show the same for it."
    )
    token: int | None = option(
        "--token", **whole_number(1, limits.PLACE), help="Show the tag of word N alone, with all words."
    )
    layer: int = layer_option()
    lags: int = option("--lags", default=20, show_default=True, **whole_number(1, limits.LAGS), help="Largest lag.")
    positions: int = option(
        "--positions",
        default=1_000,
        show_default=True,
        **whole_number(1, limits.POSITIONS),
        help="Words of FILE to take, from its beginning; of one sentence at most 100.",
    )
    tags: str | None = option("--tags", metavar="TAG,…", help="Take only words whose tag in FILE is one of these.")
    plot: str | None = plot_option("the norms over the lag, on a log scale")
    html: str | None = html_option("all words of all tags, with --text or --sentence")
    json: bool = json_option()
    text_column: str | None = text_column_option()


@command(Options)
def gradients(options: Options) -> None:
    """Show how far back a network learns, or which words decided a tag.

    FILE is labelled text, or what else the model learns from. Shown is the norm of the gradient of the loss at a word
    with respect to the hidden state k words before it, the geometric mean over the words, for each lag k: where it
    vanishes, nothing is learned from words so far back. In the backward direction it is the state k words after it.
    Several models are shown side by side. LSTM and SRU have memory cells (c) beside hidden states (h), or instead.

    With --text or --sentence: input times gradient of each word, for the predicted tag against the second best. Of an
    ensemble the first network is shown.

    \b
      elman gradients my.model test.conllu --plot lag.png
      elman gradients elman.model lstm.model gru.model test.conllu --plot lag.png
      elman gradients my.model --text 'the dog barks' --token 3
      elman gradients my.model test.conllu --sentence 5 --html why.html
    """
    why = options.text is not None or options.sentence is not None
    models, file = _models_and_file(options)
    _check(options, why)
    notes = options.notes()
    if why:
        _show_why(models[0], file, options, notes)
    else:
        assert file is not None
        _show_lags(models, file, options, notes)
    notes.show()


def _models_and_file(options: Options) -> tuple[Sequence[str], str | None]:
    """Return the models, and the file, which comes last; None with --text."""
    from elman.utils.files import is_pipe

    *models, last = paths = options.paths
    if options.text is not None:
        if len(paths) > 1:
            raise ConfigError(f"--text: expected one MODEL and no FILE with it, got {' '.join(paths)}")
        return paths, None
    if len(paths) > 1 and not is_model(models[0]):
        check_order(models[0], paths[1:])
    if len(paths) == 1 or is_model(last):
        raise ConfigError(f"expected MODEL... FILE, labelled text last, got {' '.join(paths)}")
    if len(paths) > 2 and is_pipe(last):
        raise ConfigError(f"{last}: each of several models reads it, and it can be read once; name a file")
    if options.sentence is not None and len(paths) > 2:
        raise ConfigError(f"--sentence: expected one MODEL with it, got {len(paths) - 1}")
    return models, last


def _check(options: Options, why: bool) -> None:
    """Raise ConfigError or OutputError for options that do not go together, and outputs that cannot be written."""
    if options.text is not None and options.sentence is not None:
        raise ConfigError("--text: names a sentence, and so does --sentence; leave out one of them")
    if not why and (options.token is not None or options.html is not None):
        raise ConfigError("--token, --html: they are for the words of --text TEXT or --sentence N")
    if options.plot is not None and why:
        raise ConfigError("--plot: it draws gradients over the lag; --html shows which words decided")
    check_outputs(options.paths, plot=options.plot, html=options.html)


def _column(tagger: Predictor, target: str | None) -> tuple[int, str]:
    """Return the index and the name of the label column that is meant; by default the first."""
    from elman.tasks.graph import HEAD, NO_LABELS

    names = tagger.columns
    if target is not None and len(names) > 1 and target not in names:
        near = NO_LABELS if tagger.scores_trees and target == HEAD else did_you_mean(target, names)
        raise ConfigError(f"--target: the model's label columns are {', '.join(names)}, got {target}{near}")
    at = names.index(target) if target in names else 0
    return at, names[at]


def _show_lags(models: Sequence[str], file: str, options: Options, notes: Notes) -> None:
    from elman.analysis.gradients import GradientOptions, measure_lags

    found: list[tuple[str, GradientReport]] = []
    for model in models:
        tagger = load_model(model, options, notes)
        networks = tagger.ensemble
        at, name = _column(tagger, options.target)
        tags = tuple(options.tags.split(",")) if options.tags else ()
        which = GradientOptions(options.layer, options.lags, options.positions, at, tags)
        target = name if len(tagger.targets) > 1 else options.target
        how = replace(options.file_options, target=target)
        measured = measure_lags(networks, examples(tagger, name, file, how, Notes() if found else notes), which)
        found.append((os.path.basename(model), measured))
        _note(model, measured, notes)
    if options.json:
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
    """Return a table for each direction, with a line for each lag and a column for each curve."""
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
        names = labels((name for name, _ in curves), width - 5)
        width = max(width, width_of(names.values()) + 5)
        heads = (cell(f"{names[name]} {curve.state}", width - 2) for name, curve in curves)
        first = found[0][1]
        where = "before" if direction == "forward" else "behind"
        head = (
            f"gradient of the loss at a word by the state k words {where} it: geometric mean\n"
            f"of its norm over {first.positions:,} words (sentences: {first.sentences:,}); "
            f"layer {first.layer}, read {direction}"
        )
        lines = [head, "", bold(f"{'lag k':>5}" + "".join(f"  {head}" for head in heads))]
        for k in range(max(len(curve.norms) for _, curve in curves)):
            norms = (f"{curve.norms[k]:.2e}" if k < len(curve.norms) else "" for _, curve in curves)
            lines.append(f"{k:>5}" + "".join(f"  {norm:<{width - 2}}" for norm in norms))
        steps = (f"× {curve.step:.3f}" if curve.step is not None else "–" for _, curve in curves)
        lines.append(f"{'step':>5}" + "".join(f"  {step:<{width - 2}}" for step in steps))
        blocks.append("\n".join(line.rstrip() for line in lines))
    return "\n\n".join(blocks)


def _show_why(model: str, file: str | None, options: Options, notes: Notes) -> None:
    from elman.analysis.gradients import attributions

    tagger = load_model(model, options, notes)
    networks = tagger.ensemble
    if options.text is not None:
        words = tagger.inputs_of_text(options.text)
    else:
        assert file is not None and options.sentence is not None
        how = replace(options.file_options, target=None)
        words = nth(tagger, file, options.sentence, how, notes)
    at, _ = _column(tagger, options.target)
    asked = () if options.token is None else (options.token,)
    found = [_shown(tagger, one) for one in attributions(networks, words, asked, at)]
    if options.json:
        say_json({"model": model, "words": [one.to_json() for one in found]})
    elif options.token is not None or len(found) == 1:
        say(one_tag(found[0]))
    else:
        say(all_tags(found))
    if options.html is not None:
        from elman.viz.attribution_html import page

        write_page(options.html, page(found, os.path.basename(model)))


def _shown(tagger: Predictor, one: Attribution) -> Attribution:
    """Return an attribution with words and tags made printable, and a number on the scale of its column."""
    tag = tagger.shown_label(one.tag, one.margin)
    against = tagger.shown_label(one.against, one.margin) if one.against else ""
    return replace(one, words=tuple(tagger.shown_inputs(one.words)), tag=tag, against=against)


def one_tag(one: Attribution) -> str:
    """Return the words of a sentence with the contribution of each to a tag."""

    lines = [heading(one), "", bold(f"{'word':>5}  {'':<24}{'x · gradient':>13}{'share':>9}")]
    for number, (word, part, share) in enumerate(zip(one.words, one.parts, one.shares, strict=True), start=1):
        bar = ("+" if part > 0 else "-") * round(BAR * abs(share))
        lines.append(f"{number:>5}  {cell(word, 24)}{part:>+13.3f}{100 * share:>+7.0f} %  {bar}".rstrip())
    return "\n".join(lines)


def heading(one: Attribution) -> str:
    """Return the word, its tag and the margin to the second best."""
    against = f", {one.margin:.2f} above {one.against}" if one.against else f", {one.margin:.2f}"
    return visible(f"word {one.at}, {one.words[one.at - 1]}: {one.tag}{against}")


def all_tags(found: Sequence[Attribution]) -> str:
    """Return the words of a sentence with their tags and what decided each."""

    tags = labels((one.tag for one in found), 10)
    width = width_of(tags.values(), "tag")
    lines = [bold(f"{'':>5}  {'word':<18}{'tag':<{width}}{'margin':>9}  decided by")]
    for one in found:
        most, shares = sorted(range(len(one.parts)), key=lambda i: -abs(one.parts[i]))[:FEW], one.shares
        by = ", ".join(f"{cell(one.words[i], 14).rstrip()} {100 * shares[i]:+.0f} %" for i in most)
        row = f"{one.at:>5}  {cell(one.words[one.at - 1], 16)}  {cell(tags[one.tag], width)}{one.margin:>9.2f}  {by}"
        lines.append(row)
    return "\n".join(lines)

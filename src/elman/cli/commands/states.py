"""``elman states``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
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
    text_column_option,
    write_page,
)
from elman.cli.say import say, say_json
from elman.errors import ConfigError
from elman.utils import limits

if TYPE_CHECKING:
    from elman.nn.activations import States

STYLE = """
.map { overflow-x: auto; }
.map div { display: grid; min-width: 100%; }
.map img { width: 100%; height: 11rem; image-rendering: pixelated; grid-column: 1 / -1; display: block; }
.map span { writing-mode: vertical-rl; font-size: .85rem; max-height: 9rem; overflow: hidden; justify-self: center; }
"""


@click.command()
@click.argument("model", metavar="MODEL")
@click.argument("file", metavar="FILE")
@click.option(
    "--sentence", type=click.IntRange(1, limits.PLACE), default=1, show_default=True, metavar="N", help="Which of FILE."
)
@layer_option
@click.option(
    "--direction",
    type=click.Choice(["forward", "backward"]),
    default="forward",
    show_default=True,
    help="The states of which reading of a bidirectional network.",
)
@plot_option("heat maps of the states and gates")
@html_option("Write a page with the heat maps; it needs nothing but a browser.")
@click.option("--json", "as_json", is_flag=True, help="Print all values as one JSON object.")
@format_option("FILE")
@text_column_option
@encoding_option
def states(model: str, file: str, sentence: int, layer: int, direction: str, **given: Any) -> None:
    """Show the states and gates of a network while it reads a sentence.

    For each word: how large the states are, how far they moved, and how far open the gates are, all on average over
    the units. The heat maps have a row for each unit, a column for each word. Of an ensemble it is the first network.

    \b
      elman states my.model new.txt --sentence 3 --plot states.png
      elman states my.model new.txt --html states.html
    """
    from elman.cli.gold import How
    from elman.cli.model_inputs import nth, shown
    from elman.taggers.load import load
    from elman.utils.files import check_target

    plot, html = given["plot"], given["html"]
    if plot is not None:
        from elman.viz import plots

        plots.check(plot)
    if html is not None:
        check_target(html)
    for output in (plot, html):
        check_not_an_input(output, (model, file))
    notes = Notes()
    tagger = load(model, on_note=notes.add)
    networks = tagger.ensemble
    config = networks.config.network
    if layer > config.layers:
        raise ConfigError(f"--layer: the network has layers 1 to {config.layers}, got {layer}")
    if direction not in networks.network.encoder.directions:
        raise ConfigError(f"--direction: the network reads forward alone, got {direction}")
    read = nth(tagger, file, sentence, How(given["format"], None, given["encoding"], given["text_column"]), notes)
    one, words = networks.states(read, layer - 1, direction), shown(tagger, read)
    name = os.path.basename(model)
    if given["as_json"]:
        say_json(_values(words, one), indent=None)
    else:
        say(table(words, one))
    if plot is not None:
        from elman.viz import plots, state_plots

        plots.save(state_plots.states(words, one, f"{name}, sentence {sentence}: "), plot)
    if html is not None:
        write_page(html, page(words, one, f"{name}, sentence {sentence}"))
    notes.show()


def _values(words: Sequence[str], one: States) -> dict[str, Any]:
    return {
        "words": list(words),
        "cell": one.cell,
        "layer": one.layer + 1,
        "direction": one.direction,
        "h": one.h.tolist(),
        "c": None if one.c is None else one.c.tolist(),
        "gates": {name: gate.tolist() for name, gate in one.gates.items()},
    }


def table(words: Sequence[str], one: States) -> str:
    """A line for each word; of the columns the mean over the units."""
    import numpy as np

    from elman.cli.reports.scores import bold, cell

    h = one.h[::-1] if one.direction == "backward" else one.h
    moved = np.abs(np.diff(h, axis=0, prepend=np.zeros_like(h[:1]))).mean(axis=1)
    columns = {"|h|": np.abs(one.h).mean(axis=1), "moved": moved[::-1] if one.direction == "backward" else moved}
    columns |= {gate: values.mean(axis=1) for gate, values in one.gates.items()}
    lines = [bold(f"{'word':<24}" + "".join(f"{name:>9}" for name in columns))]
    for i, word in enumerate(words):
        lines.append(cell(word, 24) + "".join(f"{values[i]:>9.3f}" for values in columns.values()))
    about = f"{one.cell}, layer {one.layer + 1}, {one.direction}: means over {one.h.shape[1]:,} units"
    return "\n".join([about, "", *lines])


def page(words: Sequence[str], one: States, name: str) -> str:
    """The heat maps as a page."""
    from elman.viz.html import document

    return document(f"States of {name}", _maps(words, one), STYLE)


def _maps(words: Sequence[str], one: States) -> Iterator[str]:
    from elman.viz.html import picture, text
    from elman.viz.state_plots import panels

    what = f"{one.cell}, layer {one.layer + 1}, {one.direction}"
    yield f"<p>{text(what)}: a row for each of {one.h.shape[1]:,} units, a column for each word.</p>"
    for title, values, low, high in panels(one):
        ends = "dark: 0, light: 1" if low == 0 else f"blue: {low:.2g}, white: 0, red: {high:.2g}"
        yield f"<h2>{text(title)}</h2><p>{ends}</p>"
        yield f'<div class="box map"><div style="grid-template-columns: repeat({len(words)}, minmax(1.1rem, 1fr))">'
        yield f'<img alt="{text(title)} over the words" src="{picture(values, low, high)}">'
        yield from (f"<span>{text(word)}</span>" for word in words)
        yield "</div></div>"

"""``elman states``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from elman.cli.gold import FileOptions
from elman.cli.loading import load_model
from elman.cli.options import (
    Choice,
    InputOptions,
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
from elman.cli.tables import bold, cell
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


@dataclass(frozen=True, kw_only=True)
class Options(InputOptions, RunOptions):
    """The options of ``elman states``."""

    model: str = argument("MODEL")
    file: str = argument("FILE")
    sentence: int = option(
        "--sentence",
        default=1,
        show_default=True,
        **whole_number(1, limits.PLACE),
        help="Number of a sentence of FILE.",
    )
    layer: int = layer_option()
    direction: str = option(
        "--direction",
        type=Choice(["forward", "backward"]),
        default="forward",
        show_default=True,
        help="Direction of a bidirectional network.",
    )
    plot: str | None = plot_option("heat maps of the states and gates")
    html: str | None = html_option("the heat maps")
    json: bool = json_option()
    text_column: str | None = text_column_option()


@command(Options)
def states(options: Options) -> None:
    """Show hidden states and gates over a sentence.

    For each word: the size of the hidden states, how far they moved and how far the gates are open, all as means over
    the units. The heat maps have a row for each unit, a column for each word. Of an ensemble the first network is
    shown.

    \b
      elman states my.model new.txt --sentence 3 --plot states.png
      elman states my.model new.txt --html states.html
    """
    from elman.cli.model_inputs import nth

    check_outputs((options.model, options.file), plot=options.plot, html=options.html)
    notes = options.notes()
    tagger = load_model(options.model, options, notes, [options.file])
    networks = tagger.ensemble
    config = networks.config.network
    if options.layer > config.layers:
        raise ConfigError(f"--layer: the network has layers 1 to {config.layers}, got {options.layer}")
    if options.direction not in networks.network.encoder.directions:
        raise ConfigError(f"--direction: the network reads forward only, got {options.direction}")
    file_options = FileOptions(options.format, None, options.encoding, options.text_column)
    inputs = nth(tagger, options.file, options.sentence, file_options, notes)
    one, words = networks.states(inputs, options.layer - 1, options.direction), tagger.shown_inputs(inputs)
    name = os.path.basename(options.model)
    if options.json:
        say_json(_values(words, one), indent=None)
    else:
        say(table(words, one))
    if options.plot is not None:
        from elman.viz import plots, state_plots

        plots.save(state_plots.states(words, one, f"{name}, sentence {options.sentence}: "), options.plot)
    if options.html is not None:
        write_page(options.html, page(words, one, f"{name}, sentence {options.sentence}"))
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
    """Return a line for each word, with the means over the units."""
    import numpy as np

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
    """Return the heat maps as a page."""
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

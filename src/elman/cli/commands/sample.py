"""``elman sample``."""

from __future__ import annotations

import click

from elman.cli.options import Number, seed_option
from elman.cli.say import say_text
from elman.errors import ConfigError
from elman.utils import limits


@click.command()
@click.argument("model", metavar="MODEL")
@click.option(
    "--length",
    type=click.IntRange(0, limits.SYMBOLS),
    default=200,
    show_default=True,
    metavar="N",
    help="Symbols to say.",
)
@click.option(
    "--temperature",
    type=Number(0, limits.TEMPERATURE),
    default=1.0,
    show_default=True,
    metavar="T",
    help="Draw by p to the power of 1/T: below 1 more likely symbols, 0 always the likeliest.",
)
@seed_option("Of the draws.")
@click.option("--prompt", default="", metavar="TEXT", help="What the text begins with.")
def sample(model: str, length: int, temperature: float, seed: int, prompt: str) -> None:
    """Have a language model (elman train --task lm) go on with a text.

    \b
      elman sample chars.model --length 400 --temperature 0.7
      elman sample words.model --prompt 'The first'
    """
    from elman.cli.language import language_model
    from elman.taggers.load import load

    loaded = language_model(load(model))
    if loaded is None:
        raise ConfigError(f"{model}: no language model; elman train TEXT --task lm makes one")
    say_text(loaded.sample(length, temperature=temperature, seed=seed, prompt=prompt))

"""``elman sample``."""

from __future__ import annotations

from dataclasses import dataclass

from elman.cli.loading import load_model
from elman.cli.options import Number, RunOptions, argument, command, option, seed_option, whole_number
from elman.cli.say import say_text
from elman.errors import ConfigError
from elman.utils import limits


@dataclass(frozen=True, kw_only=True)
class Options(RunOptions):
    """The options of ``elman sample``."""

    model: str = argument("MODEL")
    length: int = option(
        "--length", default=200, show_default=True, **whole_number(0, limits.SYMBOLS), help="Symbols to generate."
    )
    temperature: float = option(
        "--temperature",
        type=Number(0, limits.TEMPERATURE),
        default=1.0,
        show_default=True,
        metavar="T",
        help="Draw with probability p to the power of 1/T: below 1 likelier symbols, 0 always the likeliest.",
    )
    seed: int = seed_option()
    prompt: str = option("--prompt", default="", metavar="TEXT", help="Beginning of the text.")


@command(Options)
def sample(options: Options) -> None:
    """Generate text with a language model.

    MODEL is one of elman train --task lm.

    \b
      elman sample chars.model --length 400 --temperature 0.7
      elman sample words.model --prompt 'The first'
    """
    from elman.cli.scorers import language_model

    notes = options.notes()
    model = language_model(load_model(options.model, options, notes))
    if model is None:
        raise ConfigError(f"{options.model}: no language model; elman train TEXT --task lm makes one")
    text = model.sample(options.length, temperature=options.temperature, seed=options.seed, prompt=options.prompt)
    say_text(text)
    notes.show()

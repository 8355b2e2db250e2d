"""Records of networks: what is found in them, and what is refused, by the forms of tensors alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import elman
from elman.config import Config
from elman.errors import ModelFileError
from elman.models import dtype, network_record
from elman.models.network_record import checked
from elman.training.run_options import RunOptions
from elman.training.train_rnn import train_rnn

TRAIN = [[("the", "D"), ("cat", "N")], [("the", "D"), ("dog", "N"), ("sees", "V")]] * 2
SETTINGS = {"hidden": 4, "embedding": 3, "feature_embedding": 2, "epochs": 1, "ensemble": 2, "decoder": "crf"}


@pytest.fixture(scope="module")
def record() -> tuple[dict[str, Any], Any]:
    model: Any = elman.train(TRAIN, settings=SETTINGS, on_warning=lambda text: None)
    of_model, tensors = model._model.to_record()
    return of_model, dtype.forms(tensors)


def test_what_is_found(record: tuple[dict[str, Any], Any]) -> None:
    found = checked(*record)
    assert (found.tags, found.schemes, found.tasks, found.temperatures) == ([["D", "N", "V"]], ["none"], ["tag"], [])
    assert found.network.hidden == 4 and found.prefixes == ["member1.", "member2."]
    assert found.words.words == ["the", "cat", "dog", "sees"] and found.words.vectors == ([], 0)
    assert not found.has_grams and found.of_one["output.transitions"] == (3, 3)
    assert {f"{prefix}{name}" for prefix in found.prefixes for name in found.of_one} == set(record[1])


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("output.b_o", ("float16", (3,))),  # vectors stay float32
        ("output.w_oh", ("float64", (3, 8))),
        ("output.w_oh", ("int32", (3, 8))),
        ("output.w_oh", ("int64", (3, 8))),
    ],
)
def test_element_types(record: tuple[dict[str, Any], Any], name: str, form: Any) -> None:
    config, forms = record
    with pytest.raises(ModelFileError, match=f"^model tensor member2.{name}: expected float32, found {form[0]}$"):
        checked(config, {**forms, f"member2.{name}": form})
    assert checked(config, {**forms, "member2.output.w_oh": ("float32", (3, 8))})
    exact = {**config["settings"], "network": {**config["settings"]["network"], "dtype": "float32"}}
    with pytest.raises(ModelFileError, match="expected float32, found float16$"):
        checked({**config, "settings": exact}, forms)


def test_every_network_has_the_shapes_that_are_expected_of_it() -> None:
    """What training makes is what ``checked`` expects, whatever the settings."""
    sentences = [([word for word, _ in own], [tag for _, tag in own]) for own in TRAIN]
    for own in (
        {"cell": "gru", "layers": 2, "characters": 3},
        {"cell": "sru", "residual": "highway", "layers": 3},
        {"cell": "elman", "embedding": 0, "features": "none", "direction": "forward"},
        {"cell": "mingru", "embedding": 0, "features": "none", "decoder": "softmax"},
        {"ensemble": 1, "features": "both", "dtype": "float32"},
    ):
        config = Config().with_settings({**SETTINGS, **own})
        model = train_rnn(sentences, None, config, RunOptions())
        of_model, tensors = model.to_record()
        found = checked(of_model, dtype.forms(tensors))
        shapes = {**model.network.shapes(), **model.heads.shapes()}
        assert found.of_one == shapes and list(found.of_one) == list(shapes)


@pytest.mark.parametrize("name", ["models.network_record", "utils.validation", "nn.shapes", "taggers.fast_lines"])
def test_numpy_is_not_needed(name: str) -> None:
    source = str(Path(network_record.__file__).parents[2])
    program = f"import sys; sys.path.insert(0, {source!r}); import elman.{name}; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"

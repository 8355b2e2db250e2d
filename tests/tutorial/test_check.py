"""A student's file is compared function by function, whatever is in it."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from elman.errors import ConfigError, DataError
from elman.tutorial import slides
from elman.tutorial.cases import CASES, Case
from elman.tutorial.check import Finding, check, check_function, template

BY_NAME = {case.name: case for case in CASES}


def write(folder: Path, text: str, name: str = "my_rnn.py") -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def one(name: str, function: Callable[..., Any], seconds: float = 5.0) -> Finding:
    return check_function(BY_NAME[name], function, seconds=seconds)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_functions_of_the_slides_agree(case: Case) -> None:
    """Their gradients are those by central differences, therefore."""
    assert case.slides
    assert check_function(case, case.function) == Finding(case.name, case.slides, "agrees")


def test_all_functions_but_those_that_draw_random_numbers() -> None:
    of_slides = {name for name, f in vars(slides).items() if (inspect.getdoc(f) or "").startswith("Slide")}
    assert of_slides - set(BY_NAME) == {"create_net", "train"}
    assert len(CASES) == len(BY_NAME) == 14


def test_the_weights_one_by_one() -> None:
    """As the slides print it: forward_rnn(w_rx, w_rh, b_r, w_oh, b_o, x)."""

    def forward_rnn(w_rx: Any, w_rh: Any, b_r: Any, w_oh: Any, b_o: Any, x: Any) -> Any:
        return slides.forward_rnn(slides.Net(w_rx, w_rh, b_r, w_oh, b_o), x)

    def gradient_rnn(w_rx: Any, w_rh: Any, b_r: Any, w_oh: Any, b_o: Any, x: Any, h: Any, p: Any, y: Any) -> Any:
        return tuple(slides.gradient_rnn(slides.Net(w_rx, w_rh, b_r, w_oh, b_o), x, h, p, y))

    def update_weights(*arguments: Any) -> None:
        slides.update_weights(slides.Net(*arguments[:5]), slides.Net(*arguments[5:10]), arguments[10])

    for function in (forward_rnn, gradient_rnn, update_weights):
        assert one(function.__name__, function).state == "agrees"


@pytest.mark.parametrize(
    ("name", "function", "lines"),
    [
        ("softmax", lambda a: None, ["expected numbers as the result, got None; is there a return?"]),
        ("softmax", lambda a: "p", ["expected numbers as the result, got str"]),
        ("softmax", lambda a: np.ones(2), [": expected the shape (4,), got (2,)"]),
        ("softmax", lambda a: a * np.nan, ["[0]: got nan, expected 0.00550415"]),
        ("find_best", lambda p: 3, [": got 3, expected 2"]),
        ("forward_rnn", lambda net, x: None, ["expected 3 parts, h, p, y; got None; is there a return?"]),
        ("forward_rnn", lambda net, x: (1, 2), ["expected 3 parts, h, p, y; got 2"]),
        ("forward_rnn", lambda net, x: 1, ["expected 3 parts, h, p, y; got int"]),
        ("sigmoid_gradient", lambda a: 3 * slides.sigmoid_gradient(a), ["Hint: 3 times what is expected, everywhere"]),
        ("create_one_hot", lambda id: [1], ["TypeError", "Hint: elman calls create_one_hot(id, size)"]),
        ("create_one_hot", lambda id, size: [0, 1][id], ["IndexError", "Hint: indices run from 0 to len - 1"]),
        ("forward_nn", lambda network, phi_0: np.dot(phi_0, network[0][0]), ["ValueError", "(outputs, inputs)"]),
        ("sigmoid", eval("lambda a: 1 / (1 + np.exp(-a))", {}), ["NameError", "Hint: the file needs import numpy"]),
    ],
)
def test_what_is_said(name: str, function: Callable[..., Any], lines: list[str]) -> None:
    finding = one(name, function)
    assert finding.state in ("differs", "raises")
    assert len(finding.lines) >= len(lines)
    assert [text for text in lines if text not in "\n".join(finding.lines)] == []


def sentence_gradient(change: Callable[[slides.Net, int], slides.Net]) -> Callable[..., slides.Net]:
    """The right gradient, changed by a function of it and of the number of words."""
    return lambda net, x, h, p, y: change(slides.gradient_rnn(net, x, h, p, y), len(x))


def test_hints_that_no_single_mistake_explains() -> None:
    average = one("gradient_rnn", sentence_gradient(lambda delta, words: slides.Net(*(w / words for w in delta))))
    assert average.lines[-1] == "Hint: averaged over the words; the slides sum"
    down = one("gradient_rnn", sentence_gradient(lambda delta, words: slides.Net(*(-w for w in delta))))
    assert down.lines[-1] == "Hint: the sign is wrong: the slides go uphill, an error is p' - p"
    part = one("gradient_rnn", sentence_gradient(lambda delta, words: delta._replace(b_r=delta.b_r + 1)))
    assert part.lines[0].startswith("Δb_r") and part.lines[0].endswith("by central differences")
    assert part.lines[-1] == "Right already: Δw_rx, Δw_rh, Δw_oh, Δb_o"
    turned = one("gradient_rnn", sentence_gradient(lambda delta, words: delta._replace(w_rx=delta.w_rx.T)))
    assert turned.lines[1] == "Hint: a matrix is transposed; a w has the shape (outputs, inputs)"


def test_scores_that_overflow_are_a_remark() -> None:
    finding = one("sigmoid", lambda a: np.exp(a) / (1 + np.exp(a)))
    assert finding.state == "agrees" and "overflows" in finding.lines[0]

    def picky(a: Any) -> Any:
        if np.max(a) > 100:
            raise ValueError
        return slides.softmax(a)

    assert one("softmax", picky) == Finding("softmax", (9,), "agrees")


def test_a_function_without_an_end_is_given_up() -> None:
    def find_best(p: Any) -> int:
        while True:
            pass

    finding = one("find_best", find_best, seconds=0.1)
    assert finding.state == "takes too long" and "after 0.1 s" in finding.lines[0]


def test_functions_may_change_their_arguments() -> None:
    def softmax(a: Any) -> Any:
        a -= a.max()
        return np.exp(a) / np.exp(a).sum()

    assert one("softmax", softmax).state == "agrees"


def test_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = """
import numpy as np
print("it runs")
def sigmoid(a):
    return 1 / (1 + np.exp(-a))
def softmax(a):
    return np.exp(a) / np.exp(a).sum
def find_best(p):
    raise SystemExit
softmax_gradient = 3
if __name__ == "__main__":
    raise ValueError
"""
    findings = check(write(tmp_path, text), range(8, 13))
    assert [finding.state for finding in findings] == ["agrees", "raises", "raises", "is missing", "is missing"]
    assert findings[1].lines[0].startswith("TypeError: unsupported operand") and findings[1].lines[0].endswith(
        "(line 7)"
    )
    assert capsys.readouterr() == ("", "it runs\n")
    assert [path.name for path in tmp_path.iterdir()] == ["my_rnn.py"]


def test_slides_choose(tmp_path: Path) -> None:
    path = write(tmp_path, "def sigmoid(a): return a\n")
    assert [finding.name for finding in check(path, range(26, 29))] == ["gradient_rnn_bptt", "gradient_rnn"]
    with pytest.raises(ConfigError, match="slide: expected one with a function, 8, 9, 10, .*, 32"):
        check(path, range(13, 14))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "my_rnn.py: expected some of the functions sigmoid, softmax, .*; elman tutorial template prints them"),
        ("def sigmoid(a)\n    return a", "my_rnn.py:1: expected Python, found expected ':'"),
        ("import numpy as np\n\n1 / 0", "my_rnn.py:3: cannot be run: ZeroDivisionError: division by zero"),
        ("exit(3)", "my_rnn.py:1: cannot be run: SystemExit: 3"),
        ("while True: pass", "my_rnn.py: has not ended after 0.2 s; is there a loop outside"),
    ],
)
def test_files_that_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message) as error:
        check(write(tmp_path, text), seconds=0.2)
    assert "\n" not in str(error.value)


def test_a_notebook_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found a notebook; save it as a .py file first"):
        check(write(tmp_path, "{}", "my.ipynb"))


def test_the_template_is_a_file_to_check(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        findings = check(write(tmp_path, template()))
    assert [finding.name for finding in findings] == list(BY_NAME)
    assert {finding.state for finding in findings} == {"is still to do"}


def test_a_file_with_a_dataclass(tmp_path: Path) -> None:
    """Dataclasses look their module up by its name."""
    path = tmp_path / "mine.py"
    head = "from __future__ import annotations\nfrom dataclasses import dataclass\nimport numpy as np\n"
    body = "@dataclass\nclass Layer:\n    w: np.ndarray\n\ndef sigmoid(a):\n    return 1 / (1 + np.exp(-a))\n"
    path.write_text(head + body, encoding="utf-8")
    assert check(str(path), range(8, 9))[0].state == "agrees"

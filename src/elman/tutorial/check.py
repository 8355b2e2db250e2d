"""Compare a student's functions with those of the slides, one by one, and hint at what is wrong.

The file runs in this process, each call in a thread of its own that is given up after a time limit.
"""

from __future__ import annotations

import ctypes
import inspect
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal

import numpy as np

from elman.errors import ConfigError, DataError
from elman.tutorial.cases import CASES, Case, Function, Parts, WrongResult
from elman.tutorial.exercise import read_text
from elman.tutorial.mistakes import MISTAKES
from elman.utils.display import one_line

State = Literal["agrees", "differs", "raises", "takes too long", "is missing", "is still to do"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about one function."""

    name: str
    slides: tuple[int, ...]
    state: State
    lines: tuple[str, ...] = ()
    """What differs, and hints."""


_TEMPLATE = """The functions of the slides; elman tutorial check compares them with elman's.

Letters: V different words, H hidden units, K tags. A net is a tuple (w_rx, w_rh, b_r, w_oh, b_o) of the shapes
(H, V), (H, H), (H,), (K, H) and (K,), and so is a gradient Δ; in place of ``net`` a function may take the five one by
one. A feed-forward network is a list of pairs (w, b). x, h and p are lists with a vector for each word, y_true a list
of the ids of the true tags.
"""


class _TimeIsUp(Exception):
    pass


def check(path: str, slides: range | None = None, seconds: float = 5.0) -> list[Finding]:
    """Compare the functions in a Python file with those of the slides; ``slides`` chooses by number.

    ``seconds`` is the time limit for the file and for each function. What the file prints goes to standard error.
    Raises DataError if the file cannot be read or run or has none of the functions, ConfigError if no function
    belongs to ``slides``.
    """
    cases = [case for case in CASES if slides is None or set(slides) & set(case.slides)]
    if not cases:
        numbers = sorted({number for case in CASES for number in case.slides})
        raise ConfigError(f"slide: expected one with a function, {', '.join(map(str, numbers))}")
    code = read_text(path)
    with redirect_stdout(sys.stderr):
        module = _module(path, code, seconds)
        if not any(callable(getattr(module, case.name, None)) for case in CASES):
            names = ", ".join(case.name for case in CASES)
            raise DataError(f"expected some of the functions {names}; elman tutorial template prints them", path=path)
        return [check_function(case, getattr(module, case.name, None), path, seconds) for case in cases]


def check_function(case: Case, function: Function | None, path: str = "", seconds: float = 5.0) -> Finding:
    """Compare one function with that of the slides. ``path`` is the file whose lines errors name."""

    def finding(state: State, *lines: str) -> Finding:
        return Finding(case.name, case.slides, state, lines)

    if not callable(function):
        return finding("is missing")
    try:
        results = _within(seconds, lambda: [case.call(function, arguments) for arguments in case.arguments()])
    except NotImplementedError:
        return finding("is still to do")
    except _TimeIsUp:
        return finding("takes too long", f"no result after {seconds:g} s: is there a loop without an end?")
    except WrongResult as error:
        return finding("differs", str(error))
    except (Exception, SystemExit) as error:
        return finding("raises", _described(error, path), *_hint_of_error(error, case))
    difference = next(_differences(case, results), None)
    if difference is None:
        return finding("agrees", *_overflow(case, function))
    return finding("differs", difference, *_hints(case, results))


def template() -> str:
    """Return a Python file with the functions of the slides to fill in."""
    parts = [f'"""{_TEMPLATE}"""', "import numpy as np"]
    for case in CASES:
        parameters = ", ".join(inspect.signature(case.function).parameters)
        text = (inspect.getdoc(case.function) or "").partition("\n\n")[0].replace("\n", "\n    ")
        parts.append(f'\ndef {case.name}({parameters}):\n    """{text}"""\n    raise NotImplementedError')
    return "\n\n".join(parts) + "\n"


# --- running the student's code -------------------------------------------------------------------------------------


def _module(path: str, text: str, seconds: float) -> ModuleType:
    """Run a file as a module that is not ``__main__``. Raises DataError if it cannot be run."""
    if path.endswith(".ipynb"):
        raise DataError("expected Python, found a notebook; save it as a .py file first", path=path)
    module = ModuleType("student")
    module.__file__ = path
    sys.modules[module.__name__] = module  # where dataclasses look their module up
    try:
        code = compile(text, path, "exec", dont_inherit=True)
        _within(seconds, lambda: exec(code, vars(module)))
    except SyntaxError as error:
        raise DataError(f"expected Python, found {error.msg}", path=path, line=error.lineno) from None
    except _TimeIsUp:
        message = f"has not ended after {seconds:g} s; is there a loop outside of the functions?"
        raise DataError(message, path=path) from None
    except (Exception, SystemExit) as error:
        message = f"cannot be run: {type(error).__name__}: {error}"
        raise DataError(message, path=path, line=_line(error, path)) from None
    return module


def _within(seconds: float, function: Callable[[], Any]) -> Any:
    """Call a function in a thread and return its result or raise its error; _TimeIsUp if it has not ended in time."""
    outcome: dict[str, Any] = {}

    def work() -> None:
        try:
            with np.errstate(all="ignore"):
                outcome["result"] = function()
        except BaseException as error:
            outcome["error"] = error

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        # ends a loop in Python; in one call of C the thread goes on until the process ends
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit))
        raise _TimeIsUp
    if "error" in outcome:
        raise outcome["error"]
    return outcome["result"]


def _line(error: BaseException, path: str) -> int | None:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    return lines[-1] if lines else None


def _described(error: BaseException, path: str) -> str:
    line = _line(error, path)
    return one_line(f"{type(error).__name__}: {error}") + (f" (line {line})" if line else "")


def _hint_of_error(error: BaseException, case: Case) -> Iterator[str]:
    text = str(error)
    if isinstance(error, TypeError) and "argument" in text:
        yield f"Hint: elman calls {case.name}({', '.join(inspect.signature(case.function).parameters)})"
    elif isinstance(error, ValueError) and ("aligned" in text or "broadcast" in text or "mismatch" in text):
        yield "Hint: a w has the shape (outputs, inputs): values go up by np.dot(w, x), errors go down by np.dot(δ, w)"
    elif isinstance(error, IndexError):
        yield "Hint: indices run from 0 to len - 1"
    elif isinstance(error, NameError) and "'np'" in text:
        yield "Hint: the file needs import numpy as np"


# --- comparing ------------------------------------------------------------------------------------------------------


def _differences(case: Case, results: list[Parts]) -> Iterator[str]:
    """Describe what differs, for each call and part."""
    for result, arguments in zip(results, case.arguments(), strict=True):
        for part, expected in case.expected(arguments).items():
            text = _difference(result[part], expected)
            if text:
                yield f"{part}{text}" + (" by central differences" if case.gradient else "")


def _difference(result: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]) -> str:
    """Describe the largest difference of two arrays; empty if they agree."""
    if result.shape != expected.shape:
        return f": expected the shape {expected.shape}, got {result.shape}"
    if _agree(result, expected):
        return ""
    off = np.where(np.isfinite(result), np.abs(result - expected), np.inf)
    i = np.unravel_index(np.argmax(off), off.shape)
    where = f"[{', '.join(map(str, i))}]" if i else ""
    return f"{where}: got {result[i]:.6g}, expected {expected[i]:.6g}"


def _agree(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=1e-6, atol=1e-8))


def _overflow(case: Case, function: Function) -> Iterator[str]:
    if case.large is not None:
        large = case.large.copy()
        try:
            result = _within(1.0, lambda: case.call(function, (large,)))
        except (Exception, SystemExit):
            return
        if not np.isfinite(result[""]).all():
            yield "for scores of ±1000 the exponential overflows; elman's does not"


def _hints(case: Case, results: list[Parts]) -> Iterator[str]:
    """Yield one hint: the mistake that gives the same results, or what is common to all differences."""
    for hint, function in MISTAKES.get(case.name, ()):
        if _same(case, function, results):
            yield f"Hint: {hint}"
            return
    expected = [case.expected(arguments) for arguments in case.arguments()]
    pairs = list(zip(results, expected, strict=True))
    if all(got[part].shape == right[part].shape for got, right in pairs for part in right):
        yield from _factor(case, results, expected)
    elif all(got[part].shape in (right[part].shape, right[part].T.shape) for got, right in pairs for part in right):
        yield "Hint: a matrix is transposed; a w has the shape (outputs, inputs)"
    fine = [part for part in expected[0] if part and all(_agree(got[part], right[part]) for got, right in pairs)]
    if fine:
        yield f"Right already: {', '.join(fine)}"


def _same(case: Case, function: Function, results: list[Parts]) -> bool:
    with np.errstate(all="ignore"):
        wrong = [case.call(function, arguments) for arguments in case.arguments()]
    return all(_agree(got[part], parts[part]) for got, parts in zip(results, wrong, strict=True) for part in parts)


def _factor(case: Case, results: list[Parts], expected: list[Parts]) -> Iterator[str]:
    """Hint at a result that is a multiple of the expected one: the sign, a mean in place of a sum."""
    if case.gradient is None:
        return
    factors = []
    for result, parts in zip(results, expected, strict=True):
        got, right = (np.concatenate([parts_[part].ravel() for part in parts]) for parts_ in (result, parts))
        factor = float(np.dot(got, right) / np.dot(right, right))
        if not np.allclose(got, factor * right, rtol=1e-6, atol=1e-8):
            return
        factors.append(factor)
    if np.allclose(factors, -1):
        yield "Hint: the sign is wrong: the slides go uphill, an error is p' - p"
    elif "y_true" in inspect.signature(case.function).parameters and np.allclose(
        factors, [1 / len(arguments[1]) for arguments in case.arguments()]
    ):
        yield "Hint: averaged over the words; the slides sum"
    elif np.allclose(factors, factors[0]):
        yield f"Hint: {factors[0]:.4g} times what is expected, everywhere"

# The compiled core; its functions are called by kernels/native/__init__.py alone, which states shapes and types.
from typing import Any

def __getattr__(name: str) -> Any: ...

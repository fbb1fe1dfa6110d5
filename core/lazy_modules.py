"""Large libraries that most processes never use, loaded when something of them is first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class LazyModule:
    """Stands for a module by its name; the first attribute loads it, in whichever thread.

    >>> if TYPE_CHECKING:
    ...     import pandas as pd
    ... else:
    ...     pd = LazyModule("pandas")
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self._name), attribute)

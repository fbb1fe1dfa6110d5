"""Tables on a terminal and in a pipe."""

from __future__ import annotations

from typing import Any

from rich.console import Console

# chosen: wide enough that no table is cut in a file or a log.
WIDTH_OF_A_PIPE = 200


def wide_table(stream: Any) -> Console:
    """A console on a command's output: the terminal's width, or in a pipe or file wide enough to read."""
    file = getattr(stream, "_out", stream)
    is_terminal = bool(getattr(file, "isatty", lambda: False)())
    return Console(file=file, width=None if is_terminal else WIDTH_OF_A_PIPE)

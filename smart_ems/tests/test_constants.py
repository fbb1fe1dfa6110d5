"""Every number of learning and detecting, of the electrical formulas and of data intake says where it comes from.

Beside a constant stands a comment, or below it a docstring, which may be shared by constants that follow one another
without a blank line.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
FOLDERS = ("mlcore", "substations/electrical", "ingestion")
# What a number means by itself: nothing to look up.
PLAIN = {"FORMAT_VERSION", "HOUR_S", "DAY_S"}


def modules() -> list[Path]:
    paths = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    return sorted(path.relative_to(ROOT) for path in paths if not {"tests", "migrations"} & set(path.parts))


def without_source(source: str) -> Iterator[str]:
    """Names of constants with a number in them and no word on it; the head of a module may say it for all of them."""
    tree, lines = ast.parse(source), source.split("\n")
    if "tuned on the labelled benchmark sets" in (ast.get_docstring(tree) or ""):
        return
    body = tree.body
    for position, node in enumerate(body):
        if not isinstance(node, ast.Assign) or not _has_number(node.value):
            continue
        names = [name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)]
        if all(name.isupper() and name.lstrip("_") not in PLAIN for name in names) and not _is_said(
            body[position:], lines
        ):
            yield ", ".join(names)


def _has_number(value: ast.expr) -> bool:
    return any(isinstance(node, ast.Constant) and type(node.value) in (int, float) for node in ast.walk(value))


def _is_said(following: list[ast.stmt], lines: list[str]) -> bool:
    first = following[0]
    if "# " in lines[first.lineno - 1] or _comment_above(first.lineno - 1, lines):
        return True
    for before, node in pairwise(following):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return True
        if not isinstance(node, ast.Assign) or node.lineno > (before.end_lineno or 0) + 1:
            return False
    return False


def _comment_above(index: int, lines: list[str]) -> bool:
    """Whether a comment stands over the block of assignments that a line belongs to."""
    while index > 0 and lines[index - 1].strip() and not lines[index - 1].startswith("#"):
        index -= 1
    return index > 0 and lines[index - 1].startswith("#")


def test_a_number_says_where_it_comes_from() -> None:
    assert len(modules()) > 250
    wrong = "\n".join(f"{path}: {name}" for path in modules() for name in without_source((ROOT / path).read_text()))
    assert not wrong, wrong


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("LIMIT = 3\n", ["LIMIT"]),
        ("LIMIT = 3\n\nOTHER = 4\n'''IEC 60076.'''\n", ["LIMIT"]),
        ("LIMIT = 3\nOTHER = 4\n'''IEC 60076.'''\n", []),
        ("LIMIT = 3  # chosen: small\n", []),
        ("# Measured.\nLIMIT = 3\nOTHER = (4, 5)\n", []),
        ("NAMES = ('a', 'b')\n", []),
        ("HOUR_S = 3600\n", []),
        ("'''Numbers tuned on the labelled benchmark sets.'''\nLIMIT = 3\n", []),
    ],
)
def test_the_check_sees_what_says_nothing(source: str, names: list[str]) -> None:
    assert list(without_source(source)) == names

"""One name for one thing: no class and no module is called as another, and no private words stand where the field has
one of its own."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
APPS = (
    "alerts", "benchmarks", "core", "ingestion", "losses", "mlcore", "notifications", "reports", "smart_ems",
    "substations", "tests",
)  # fmt: skip
# Names that Django or pytest asks for.
FRAMEWORK_MODULES = {
    "__init__", "admin", "api", "apps", "conftest", "forms", "models", "querysets", "services", "tasks", "urls",
    "views",
}  # fmt: skip
FRAMEWORK_CLASSES = {"Command", "Meta"}
PRIVATE_WORDS = {
    "bell", "bells", "desk", "door", "doors", "keeper", "keepers", "ladder", "rung", "rungs", "shard", "shards", "span",
    "spans", "stranger", "strangers", "wishes",
}  # fmt: skip
# Plain English in a sentence, opaque as a name.
PRIVATE_AS_NAMES = {"fate", "fates", "learnt", "room", "rooms", "told"}
PRIVATE_CONSTANTS = re.compile(r"(?:^|_)(?:LEAST|MOST|LARGEST|LONGEST)_")
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")),
)
# Names that clients of the API and stored rows know; each has a plain one beside it.
API_NAMES = {
    "mlcore/web/api.py": {"rung"},
    "smart_ems/observability/traces.py": {"span"},
    "smart_ems/tests/test_migrations.py": {"rung", "span"},
}
GETTEXT = {"_", "gettext", "gettext_lazy", "ngettext", "pgettext", "translate"}


@dataclass(frozen=True, slots=True)
class WordsOfModule:
    """The classes that a module defines with their lines, what it names, and the texts in it."""

    classes: list[tuple[str, int]]
    names: list[str]
    texts: list[str]


@cache
def modules() -> dict[Path, WordsOfModule]:
    """Every module but the migrations, by its path in the project."""
    paths = [path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts]
    return {path.relative_to(ROOT): _words_of(path) for path in sorted(paths) if path != Path(__file__)}


def _words_of(path: Path) -> WordsOfModule:
    source = path.read_text()
    tree = ast.parse(source)
    classes = [(node.name, node.lineno) for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    return WordsOfModule(classes, [path.stem, *names(tree)], [*texts(tree), *comments(source)])


def words(text: str) -> set[str]:
    """The words of a text or the parts of a name: ``snake_case``, ``CamelCase`` and sentences alike."""
    return {part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", text)}


def names(tree: ast.Module) -> Iterator[str]:
    """What a module names: classes, functions, arguments, attributes, variables and constants."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.arg(arg=name) | ast.Attribute(attr=name) | ast.Name(id=name):
                yield name
            case ast.keyword(arg=str(name)):
                yield name


def texts(tree: ast.Module) -> Iterator[str]:
    """Docstrings, and what is shown: the strings that are translated."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in GETTEXT:
            yield from (
                each.value for each in node.args if isinstance(each, ast.Constant) and each.value.__class__ is str
            )


def comments(source: str) -> Iterator[str]:
    yield from (line.partition("# ")[2] for line in source.splitlines() if "# " in line)


def test_no_two_classes_have_one_name() -> None:
    homes = defaultdict(list)
    for path, found in modules().items():
        for name, line in found.classes:
            if name not in FRAMEWORK_CLASSES:
                homes[name].append(f"{path}:{line}")
    assert {name: places for name, places in homes.items() if len(places) > 1} == {}


def test_no_two_modules_have_one_name() -> None:
    homes = defaultdict(list)
    for path in modules():
        if path.stem not in FRAMEWORK_MODULES and "commands" not in path.parts and not path.stem.startswith("test_"):
            homes[path.stem].append(str(path))
    assert {name: places for name, places in homes.items() if len(places) > 1} == {}


def test_a_module_uses_the_words_of_the_field() -> None:
    assert len(modules()) > 1200
    wrong = "\n".join(f"{path}: {', '.join(sorted(found))}" for path in modules() if (found := private_words(path)))
    assert not wrong, wrong


def private_words(path: Path) -> set[str]:
    """Words and names of a module that are not those of the field."""
    module = modules()[path]
    used = {word for text in (*module.names, *module.texts) for word in words(text) & PRIVATE_WORDS}
    # The name of a test is a sentence.
    named = {name for name in module.names if not name.startswith("test_") and words(name) & PRIVATE_AS_NAMES}
    constants = {name for name in module.names if PRIVATE_CONSTANTS.search(name)}
    return (used - API_NAMES.get(path.as_posix(), set())) | named | constants


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_uses_the_words_of_the_field(name: str) -> None:
    prose = re.sub(r"`[^`]*`", "", (ROOT / name).read_text())  # what is quoted are tags, paths and names of the code
    assert words(prose) & PRIVATE_WORDS == set()


@pytest.mark.parametrize("text", ["gather together", "a shoulder", "learned", "lifespan", "indoor", "unfolded"])
def test_a_word_that_merely_contains_one_passes(text: str) -> None:
    assert words(text) & PRIVATE_WORDS == set()


@pytest.mark.parametrize("name", ["ring_the_bell", "SpanQuerySet", "strangers", "first_rung", "MOST_DOORS"])
def test_a_part_of_a_name_counts(name: str) -> None:
    assert words(name) & PRIVATE_WORDS

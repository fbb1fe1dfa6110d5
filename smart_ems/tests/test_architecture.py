"""Which app may import from which: the tables of docs/architecture.md, held against every module."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PAGE = (ROOT / "docs/architecture.md").read_text()
HEAVY = ("tensorflow", "keras")
EAGER = (ast.Import, ast.ImportFrom, ast.ClassDef, ast.If, ast.Try)
LISTENERS = ("smart_ems/apps.py", "smart_ems/change_history/recording.py")
SIGNALS = re.compile(r"django\.(?:.*\.)?signals(?:\.|$)")
FRAMEWORKS = ("django", "rest_framework", "celery", "import_export")


def rows_of(table: str) -> list[list[str]]:
    """The cells of a table by the beginning of its head, head first and the line below it left out."""
    lines = PAGE[PAGE.index(table) :].split("\n\n")[0].split("\n")
    cells = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines]
    return [cells[0], *cells[2:]]


def names_in(cell: str) -> list[str]:
    return re.findall(r"`([\w.]+)`", cell)


HEAD, *APP_ROWS = rows_of("| may import")
APPS = tuple(HEAD[1:])
ALLOWED = {
    row[0]: {app for app, cell in zip(APPS, row[1:], strict=True) if cell in ("yes", "self")} for row in APP_ROWS
}
# app → (module that it may import all the same, names of the files that may)
EXCEPTIONS = {row[0]: names_in(cell) for row in APP_ROWS for cell in row[1:] if names_in(cell)}
PURE = {
    module: names_in(cell) + (names_in(names) if "each other" in cell else [])
    for names, cell in rows_of("| pure |")[1:]
    for module in names_in(names)
}


def modules() -> list[Path]:
    """Every module of the apps but tests and migrations, relative to the project."""
    paths = [path.relative_to(ROOT) for app in APPS for path in (ROOT / app).rglob("*.py")]
    return sorted(path for path in paths if not {"tests", "migrations"} & set(path.parts))


def dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path, tree: ast.AST) -> Iterator[str]:
    """The full names that a module, or a part of it, imports, also inside functions and for type checking."""
    package = path.parts[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = list(package[: len(package) - node.level + 1]) if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


@cache
def imported() -> dict[Path, tuple[list[str], list[str]]]:
    """What each module imports at all, and what as soon as it is loaded."""
    found = {}
    for path in modules():
        tree = ast.parse((ROOT / path).read_text())
        eager = [node for node in tree.body if isinstance(node, EAGER) and not _for_types(node)]
        found[path] = (list(imports(path, tree)), [name for node in eager for name in imports(path, node)])
    return found


def not_allowed(path: Path, names: Iterable[str]) -> list[str]:
    """Those of the imports of a module that the tables do not allow."""
    module = dotted(path)
    return [name for name in names if not (_app_may(module, name) and _pure_may(module, name))]


def in_lines(wrong: dict[Path, list[str]]) -> str:
    """One line for each module with something wrong, empty where there is none."""
    return "\n".join(f"{path}: {', '.join(found)}" for path, found in wrong.items() if found)


def _app_may(module: str, imported: str) -> bool:
    app, target = module.split(".")[0], imported.split(".")[0]
    if target not in APPS or target in ALLOWED[app]:
        return True
    exception, *files = EXCEPTIONS.get(app, [""])
    return _is_in(imported, exception) and module.split(".")[-1] in files


def _pure_may(module: str, imported: str) -> bool:
    pure = next((name for name in PURE if _is_in(module, name)), None)
    if pure is None:
        return True
    if imported.split(".")[0] in APPS:
        return any(_is_in(imported, name) for name in [pure, *PURE[pure]])
    return imported.split(".")[0] not in FRAMEWORKS


def _is_in(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")


def test_the_tables_are_on_the_page() -> None:
    assert set(APPS) == set(ALLOWED)
    assert {
        "core",
        "substations",
        "ingestion",
        "mlcore",
        "losses",
        "alerts",
        "notifications",
        "reports",
        "smart_ems",
        "benchmarks",
    } == set(APPS)
    assert ALLOWED["core"] == {"core"}
    assert ALLOWED["alerts"] == {"core", "substations", "mlcore", "losses", "alerts"}
    assert ALLOWED["notifications"] == {"core", "substations", "mlcore", "losses", "alerts", "notifications"}
    assert EXCEPTIONS == {
        "ingestion": ["smart_ems.pipeline", "views", "api", "tasks"],
        "reports": ["smart_ems.pipeline", "views", "api"],
    }
    assert ALLOWED["reports"] == {"core", "substations", "mlcore", "losses", "alerts", "reports"}
    assert ALLOWED["losses"] == {"core", "substations", "mlcore", "losses"}
    assert len(PURE) > 20


@pytest.mark.parametrize("name", sorted(PURE))
def test_what_is_called_pure_is_there(name: str) -> None:
    path = ROOT / name.replace(".", "/")
    assert path.is_dir() or path.with_suffix(".py").is_file()


def test_a_module_imports_what_its_app_may() -> None:
    assert len(imported()) > 700
    wrong = in_lines({path: not_allowed(path, names) for path, (names, _eager) in imported().items()})
    assert not wrong, wrong


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("core/requests.py", "from substations.models import Reading"),
        ("substations/views.py", "from alerts.models import Alert"),
        ("substations/views.py", "import mlcore"),
        ("ingestion/loading.py", "from smart_ems import pipeline"),
        ("ingestion/views.py", "from smart_ems.dashboard.overview import statuses"),
        ("mlcore/scoring/pending.py", "from ingestion import services"),
        ("mlcore/scoring/pending.py", "def later():\n    from alerts import review"),
        ("mlcore/tasks.py", "from smart_ems import pipeline"),
        ("alerts/review.py", "from smart_ems import pipeline"),
        ("alerts/page.py", "from reports.models import Report"),
        ("alerts/changes.py", "from notifications import routing"),
        ("notifications/routing.py", "from smart_ems import pipeline"),
        ("notifications/on_call.py", "from .on_call_models import OnCallRotation"),
        ("reports/making.py", "from smart_ems import pipeline"),
        ("reports/content/blocks.py", "from django.utils.translation import gettext"),
        ("smart_ems/scratch.py", "from benchmarks.tick import bench_tick"),
        ("mlcore/engine/scaling.py", "from substations.channels import CHANNELS"),
        ("mlcore/engine/scaling.py", "from ..models import Detector"),
        ("mlcore/engine/scaling.py", "from django.conf import settings"),
        ("mlcore/diagnosis/data_quality_flags.py", "from substations.models import Reading"),
        ("mlcore/diagnosis/data_quality_flags.py", "from mlcore.engine import scaling"),
        ("ingestion/parsing.py", "from django.conf import settings"),
        ("ingestion/mapping.py", "from .models import Upload"),
        ("alerts/lifecycle.py", "from django.utils.translation import gettext_lazy"),
        ("substations/electrical/power.py", "from ..models import Substation"),
        ("substations/charts.py", "from django.utils import timezone"),
    ],
)
def test_the_check_sees_what_is_not_allowed(name: str, line: str) -> None:
    assert not_allowed(Path(name), imports(Path(name), ast.parse(line)))


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("ingestion/views.py", "from smart_ems import pipeline"),
        ("alerts/review.py", "from mlcore.models import Detection"),
        ("mlcore/diagnosis/data_quality_flags.py", "from substations.electrical.power import FloatArray"),
        ("mlcore/engine/scaling.py", "from .windows import Windows\nimport numpy as np"),
        ("smart_ems/dashboard/views.py", "from alerts.models import Alert"),
        ("benchmarks/tick.py", "from smart_ems.scratch import scratch_database"),
    ],
)
def test_the_check_lets_through_what_is_allowed(name: str, line: str) -> None:
    assert not_allowed(Path(name), imports(Path(name), ast.parse(line))) == []


def test_tensorflow_is_imported_inside_functions_alone() -> None:
    eager = {path: names for path, (_names, names) in imported().items() if path.as_posix() not in keras_modules()}
    wrong = in_lines({path: [each for each in names if each.split(".")[0] in HEAVY] for path, names in eager.items()})
    assert not wrong, wrong


def keras_modules() -> set[str]:
    """Modules of Keras layers, which need Keras to be defined; ``test_lazy_imports`` proves that they load late."""
    return {path.relative_to(ROOT).as_posix() for path in (ROOT / "mlcore/engine").glob("*_keras.py")}


def _for_types(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def test_no_business_hangs_on_signals() -> None:
    """Roles follow migrations, sessions and security events Django's sign-in, the history what is saved; no more."""
    silent = {path: names for path, (names, _eager) in imported().items() if path.as_posix() not in LISTENERS}
    assert len(silent) == len(imported()) - len(LISTENERS)
    wrong = in_lines({path: [each for each in names if SIGNALS.match(each)] for path, names in silent.items()})
    assert not wrong, wrong


def test_every_file_that_the_page_names_is_there() -> None:
    table = PAGE[PAGE.index("## Where is") : PAGE.index("## Apps")]
    named = re.findall(r"[\w/]+/[\w/]+\.py", table)
    assert len(named) >= 30
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_one_reading_is_followed_through_at_most_twenty_five_files() -> None:
    walk = PAGE[PAGE.index("POST /api/readings/") : PAGE.index("## Apps")]
    stages = re.findall(r"^ ?(\d+) +([\w/]+\.py)", walk, flags=re.MULTILINE)
    assert [int(number) for number, _ in stages] == list(range(1, len(stages) + 1))
    assert 20 <= len(stages) <= 25
    missing = [
        name for _, name in stages if not ((ROOT / name).is_file() or (ROOT / "mlcore/diagnosis" / name).is_file())
    ]
    assert missing == []

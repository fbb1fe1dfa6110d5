"""Which room may import from which: the table of the architecture, enforced."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

ROOMS = ("substations", "ingestion", "mlcore", "alerts", "smart_ems")
# What a room may import of the others.
ALLOWED = {
    "substations": set(),
    "ingestion": {"substations"},
    "mlcore": {"substations"},
    "alerts": {"substations", "mlcore"},
    "smart_ems": set(ROOMS),
}
# The doors of data intake and the scoring task ring the bell of the composition root.
DOORS = (
    "ingestion/views.py", "ingestion/api.py", "ingestion/tasks.py", "ingestion/management/commands/", "mlcore/tasks.py",
)  # fmt: skip
# Arrays in, arrays out: no Django and no rows. What each may import of the project beside itself.
PURE = {
    "substations/electrical": {"substations.channels"},
    "substations/simulation": {"substations.channels"},
    "mlcore/engine": set(),
    "mlcore/diagnosis": {"substations.electrical", "substations.channels"},
}
PURE_FILES = {
    "substations/channels.py": set(),
    "substations/charts.py": set(),
    "substations/layout.py": set(),
    "substations/topology_chart.py": {"substations.layout"},
    "mlcore/detector.py": {"mlcore.autoencoders", "mlcore.diagnosis", "mlcore.engine"},
    "mlcore/network.py": {"mlcore.diagnosis", "mlcore.engine", "substations.electrical"},
    "mlcore/artifacts.py": set(),
    "ingestion/derivation.py": {"substations.channels", "substations.electrical", "ingestion.problems"},
}
HEAVY = ("tensorflow", "keras")
FRAMEWORKS = ("django", "rest_framework", "celery", "import_export")
ROOT = Path(settings.BASE_DIR)


def modules() -> list[Path]:
    """Every module of the rooms but tests and migrations, relative to the project."""
    found = [path.relative_to(ROOT) for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    return sorted(path for path in found if not {"tests", "migrations"} & set(path.parts))


def imports(path: Path, source: str) -> Iterator[str]:
    """The full names that a module imports, also inside functions and for type checking."""
    package = path.parts[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = list(package[: len(package) - node.level + 1]) if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def strange(path: Path, source: str) -> list[str]:
    """The imports of a module that the table does not allow."""
    name = path.as_posix()
    return [each for each in imports(path, source) if not _may(name, each)]


def _may(name: str, imported: str) -> bool:
    room, target = name.split("/")[0], imported.split(".")[0]
    for folder, beside in PURE.items():
        if name.startswith(f"{folder}/"):
            return _is_pure(imported, beside | {folder.replace("/", ".")})
    if name in PURE_FILES:
        return _is_pure(imported, PURE_FILES[name])
    if target not in ROOMS or target == room or target in ALLOWED[room]:
        return True
    return imported == "smart_ems.pipeline" and name.startswith(DOORS)


def _is_pure(imported: str, beside: set[str]) -> bool:
    top = imported.split(".")[0]
    if top in ROOMS:
        return any(imported == each or imported.startswith(f"{each}.") for each in beside)
    return top not in FRAMEWORKS


@pytest.mark.parametrize("path", modules(), ids=str)
def test_a_module_imports_what_its_room_may(path: Path) -> None:
    assert strange(path, (ROOT / path).read_text()) == []


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("substations/views.py", "from alerts.models import Alert"),
        ("substations/views.py", "import mlcore"),
        ("ingestion/loading.py", "from smart_ems import pipeline"),
        ("ingestion/views.py", "from smart_ems.overview import statuses"),
        ("mlcore/scoring.py", "from ingestion import services"),
        ("mlcore/scoring.py", "def later():\n    from alerts import review"),
        ("alerts/review.py", "from smart_ems import pipeline"),
        ("mlcore/engine/scaling.py", "from substations.channels import CHANNELS"),
        ("mlcore/engine/scaling.py", "from ..models import Detector"),
        ("mlcore/engine/scaling.py", "from django.conf import settings"),
        ("mlcore/diagnosis/gates.py", "from substations.models import Reading"),
        ("mlcore/diagnosis/gates.py", "from mlcore.engine import scaling"),
        ("substations/electrical/power.py", "from ..models import Substation"),
        ("substations/charts.py", "from django.utils import timezone"),
    ],
)
def test_the_check_sees_what_is_not_allowed(name: str, line: str) -> None:
    assert strange(Path(name), line)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("ingestion/views.py", "from smart_ems import pipeline"),
        ("alerts/review.py", "from mlcore.models import Detection"),
        ("mlcore/diagnosis/gates.py", "from substations.electrical.power import FloatArray"),
        ("mlcore/engine/scaling.py", "from .windows import Windows\nimport numpy as np"),
        ("smart_ems/views.py", "from alerts.models import Alert"),
    ],
)
def test_the_check_lets_through_what_is_allowed(name: str, line: str) -> None:
    assert strange(Path(name), line) == []


@pytest.mark.parametrize("path", modules(), ids=str)
def test_tensorflow_is_imported_inside_functions_alone(path: Path) -> None:
    body = ast.parse((ROOT / path).read_text()).body
    eager = [node for node in body if isinstance(node, (ast.Import, ast.ImportFrom, ast.ClassDef, ast.If, ast.Try))]
    found = [each for node in eager if not _for_types(node) for each in imports(path, ast.unparse(node))]
    if path.as_posix() in keras_modules():
        return
    assert [each for each in found if each.split(".")[0] in HEAVY] == []


def keras_modules() -> set[str]:
    """Modules of Keras layers, which need Keras to be defined; ``test_lazy_imports`` proves that they load late."""
    return {path.relative_to(ROOT).as_posix() for path in (ROOT / "mlcore/engine").glob("*_keras.py")}


def _for_types(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


@pytest.mark.parametrize("path", modules(), ids=str)
def test_no_business_hangs_on_signals(path: Path) -> None:
    """Roles follow migrations by ``post_migrate``; nothing else listens."""
    used = [each for each in imports(path, (ROOT / path).read_text()) if "signals" in each.split(".")]
    assert path.as_posix() == "smart_ems/apps.py" or not [each for each in used if each.startswith("django.")]

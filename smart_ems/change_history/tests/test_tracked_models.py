"""Every model is configuration, or has a reason why it is none; and what is configured is saved so that it is heard."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from smart_ems.change_history.tracked_models import TRACKED, UNTRACKED

OF_LIBRARIES = {"auth.Permission", "contenttypes.ContentType", "sessions.Session", "admin.LogEntry"}
SILENT = {"update", "bulk_update", "bulk_create"}
ROOT = Path(settings.BASE_DIR)


def test_every_model_is_in_one_of_the_tables() -> None:
    tracked, untracked = {each.label for each in TRACKED}, set(UNTRACKED)
    assert tracked & untracked == set()
    assert {model._meta.label for model in apps.get_models()} - OF_LIBRARIES == tracked | untracked


@pytest.mark.parametrize("tracked", TRACKED, ids=lambda tracked: tracked.label)
def test_what_is_said_of_a_model_exists(tracked: object) -> None:
    names = {field.name for field in tracked.model._meta.get_fields()}  # type: ignore[attr-defined]
    assert tracked.without | tracked.secrets | set(tracked.many) <= names  # type: ignore[attr-defined]
    assert tracked.fields  # type: ignore[attr-defined]


def modules() -> list[Path]:
    found = [path for app in settings.INSTALLED_APPS for path in (ROOT / app.partition(".")[0]).rglob("*.py")]
    return sorted({path for path in found if not {"tests", "migrations", "benchmarks"} & set(path.parts)})


def silent_writes(tree: ast.AST) -> Iterator[tuple[str, str, set[str]]]:
    """Each ``Model.objects….update(field=…)``: the model, the method, the fields."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SILENT):
            continue
        root: ast.AST = node.func
        while isinstance(root, ast.Attribute | ast.Call):
            root = root.value if isinstance(root, ast.Attribute) else root.func
        if isinstance(root, ast.Name):
            yield root.id, node.func.attr, {each.arg or "" for each in node.keywords}


def test_no_tracked_field_is_written_where_no_signal_is_sent() -> None:
    fields = {each.model.__name__: set(each.fields) for each in TRACKED}
    assert len(modules()) > 700
    wrong = "\n".join(
        f"{path.relative_to(ROOT)}: {model}.{method}"
        for path in modules()
        for model, method, written in silent_writes(ast.parse(path.read_text()))
        if model in fields and (method == "bulk_create" or written & fields[model])
    )
    assert not wrong, wrong

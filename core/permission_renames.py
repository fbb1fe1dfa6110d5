"""Permissions that follow the new name of a model: Django renames its content type, but not what hangs on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from django.db.migrations import RunPython

ACTIONS = ("add", "change", "delete", "view")
Apps = Any  # the historical state of all apps, which has no public type


class ModelName(NamedTuple):
    """A model as permissions name it: in their code, and in their sentence."""

    code: str
    verbose: str


def permissions_follow(app: str, old: ModelName, new: ModelName) -> RunPython:
    """The operation of a migration that comes after ``RenameModel``."""
    return RunPython(_renamed(app, old, new), _renamed(app, new, old))


def _renamed(app: str, old: ModelName, new: ModelName) -> Callable[[Apps, Any], None]:
    def rename(apps: Apps, schema_editor: Any) -> None:
        permissions = apps.get_model("auth", "Permission").objects.filter(content_type__app_label=app)
        for action in ACTIONS:
            named = {"codename": f"{action}_{new.code}", "name": f"Can {action} {new.verbose}"}
            permissions.filter(codename=f"{action}_{old.code}").update(**named)

    return rename

"""What a JSON column refuses: numbers that JSON does not know."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection, models

from core.fields import FiniteJSONField

FIELD = FiniteJSONField(default=dict)
FIELD.set_attributes_from_name("evidence")


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (float("nan"), "evidence is nan"),
        ({"measured": {"oil_c": float("nan")}}, "evidence.measured.oil_c is nan"),
        ({"rows": [1.0, (2.0, float("-inf"))]}, "evidence.rows[1][1] is -inf"),
    ],
)
def test_an_unknown_number_is_refused_with_its_path(value: Any, path: str) -> None:
    with pytest.raises(ValueError, match=path.replace("[", r"\[")):
        FIELD.get_db_prep_save(value, connection)
    with pytest.raises(ValidationError):
        FIELD.validate(value, None)


@pytest.mark.parametrize("value", [None, {}, {"a": [1, 2.5, "nan", True, None]}, 1e308])
def test_what_json_knows_is_stored_as_ever(value: Any) -> None:
    ours, plain = (each.get_db_prep_save(value, connection) for each in (FIELD, models.JSONField()))
    assert getattr(ours, "obj", ours) == getattr(plain, "obj", plain)  # psycopg wraps it, and compares no wrappers


def test_the_database_and_its_migrations_know_nothing_of_it() -> None:
    assert FIELD.deconstruct()[1] == "django.db.models.JSONField"


def test_every_json_column_of_the_project_is_guarded() -> None:
    ours = [model for model in apps.get_models() if not model.__module__.startswith(("django", "allauth"))]
    found = [field for model in ours for field in model._meta.fields if isinstance(field, models.JSONField)]
    assert found
    assert [str(field) for field in found if not isinstance(field, FiniteJSONField)] == []
